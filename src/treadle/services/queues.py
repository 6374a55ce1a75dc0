"""Queues: how they are; pause, resume, drain, and how often they may give out runs."""

from __future__ import annotations

from treadle.domain.errors import InvalidInput, NotFound, Problem, nearest
from treadle.domain.names import MAX_QUEUE_NAME, is_name
from treadle.domain.queues import Queue, QueueControl, QueueSettings, QueueState, rate_revision
from treadle.domain.rates import read_rate
from treadle.domain.runs import DEFAULT_QUEUE
from treadle.engines.contract import Engine
from treadle.services.jobs import Jobs
from treadle.services.paging import MAX_LIMIT, Page, decode_cursor, encode_cursor
from treadle.services.revising import revise


class Queues:
    """The use cases of queues. There is one once a job names it, a run came to it, or it was told something."""

    def __init__(self, engine: Engine, jobs: Jobs) -> None:
        self._engine = engine
        self._jobs = jobs

    async def page(self, domain: str, *, limit: int, cursor: str | None = None) -> Page[Queue]:
        """Queues by name."""
        question = ("queues", domain)
        after = "" if cursor is None else decode_cursor(cursor, question)
        found = await self._engine.queues.find(domain, after=after, limit=limit + 1)
        more = len(found) > limit
        found = found[:limit]
        return Page(found, encode_cursor(found[-1].name, question) if more else None)

    async def get(self, domain: str, name: str) -> Queue:
        """One queue: the default one, or one that a run, a job or a setting knows. Raises NotFound, with a hint."""
        if found := await self._engine.queues.find(domain, names=[name]):
            return found[0]
        named = {DEFAULT_QUEUE, *[job.queue async for job in self._jobs.all(domain)]}
        if name in named:
            return Queue(domain=domain, name=name)
        others = await self._engine.queues.find(domain, limit=MAX_LIMIT)
        hint = nearest(name, {*named, *(queue.name for queue in others)})
        raise NotFound(f"there is no queue {name}: no job names it, and nothing was ever submitted to it{hint}")

    async def pause(self, domain: str, name: str, *, create: bool = False) -> Queue:
        """Let nothing of a queue be claimed from now on, by any worker; what runs goes on.

        Raises InvalidInput, and NotFound where neither a run, a job nor a setting knows it: a misspelt name would pass
        for done. `create` makes it, here as in `drain` and `set`.
        """
        return await self._switch(domain, name, QueueState.PAUSED, create=create)

    async def resume(self, domain: str, name: str) -> Queue:
        """Let a queue go on that is paused or draining. Raises NotFound."""
        return await self._switch(domain, name, QueueState.OPEN)

    async def drain(self, domain: str, name: str, *, create: bool = False) -> Queue:
        """Refuse new runs for a queue, and work off those that it has. Raises InvalidInput and NotFound."""
        return await self._switch(domain, name, QueueState.DRAINING, create=create)

    async def set(
        self,
        domain: str,
        name: str,
        settings: QueueSettings,
        *,
        create: bool = False,
        expected: str | None = None,
    ) -> Queue:
        """Give a queue its settings. Raises InvalidInput, StaleVersion and NotFound."""
        _check_name(name)
        rate = None if settings.rate is None else read_rate(settings.rate, "/rate")
        try:
            await self.get(domain, name)
        except NotFound as error:
            if not create:
                raise
            if rate is None:
                raise InvalidInput(
                    [Problem("/rate", f"is needed: there is no queue {name}, and null makes none")]
                ) from error

        async def told() -> QueueControl:
            return (await self._engine.queues.controls(domain, [name])).get(name, QueueControl())

        async def write(seen: QueueControl) -> bool:
            return await self._engine.queues.limit(domain, name, rate, seen=seen.rate)

        await revise(f"the rate of queue {name}", told, rate_revision, write, expected)
        return await self.get(domain, name)

    async def _switch(self, domain: str, name: str, state: QueueState, *, create: bool = False) -> Queue:
        _check_name(name)
        if not create:
            await self.get(domain, name)
        await self._engine.queues.switch(domain, name, state)
        return await self.get(domain, name)


def _check_name(name: str) -> None:
    if not is_name(name, MAX_QUEUE_NAME):
        message = (
            f"{name!r:.40} can be no queue's name: letters, digits, '.', '_', '-' and ':', at most {MAX_QUEUE_NAME}"
        )
        raise InvalidInput([Problem("/path/name", message)])
