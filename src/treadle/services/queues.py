"""Queues: how they are; pause, resume, drain, and how often they may give out runs."""

from __future__ import annotations

from treadle.domain.errors import InvalidInput, NotFound, Problem, nearest
from treadle.domain.jobs.records import MAX_QUEUE_NAME, is_name
from treadle.domain.queues import Queue, QueueControl, QueueSettings, QueueState, rate_revision
from treadle.domain.rates import read_rate
from treadle.domain.runs import DEFAULT_QUEUE
from treadle.engines.contract import Engine
from treadle.services.paging import MAX_LIMIT, Page, decode_cursor, encode_cursor
from treadle.services.revising import revise


class Queues:
    """The use cases of queues. A queue is there once a run was submitted to it, or something was told of it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def page(self, domain: str, *, limit: int, cursor: str | None = None) -> Page[Queue]:
        """Queues by name."""
        question = ("queues", domain)
        after = "" if cursor is None else decode_cursor(cursor, question)
        found = await self._engine.queues.find(domain, after=after, limit=limit + 1)
        more = len(found) > limit
        found = found[:limit]
        return Page(found, encode_cursor(found[-1].name, question) if more else None)

    async def get(self, domain: str, name: str) -> Queue:
        """One queue; the default one is always there. Raises NotFound, with the nearest name there is."""
        found = await self._engine.queues.find(domain, names=[name])
        if not found and name == DEFAULT_QUEUE:
            return Queue(domain=domain, name=name)
        if not found:
            others = await self._engine.queues.find(domain, limit=MAX_LIMIT)
            hint = nearest(name, [queue.name for queue in others])
            raise NotFound(f"there is no queue {name}: nothing was ever submitted to it{hint}")
        return found[0]

    async def pause(self, domain: str, name: str) -> Queue:
        """Let nothing of a queue be claimed from now on, by any worker; what runs goes on. Raises InvalidInput."""
        return await self._switch(domain, name, QueueState.PAUSED)

    async def resume(self, domain: str, name: str) -> Queue:
        """Let a queue go on that is paused or draining. Raises NotFound."""
        return await self._switch(domain, name, QueueState.OPEN)

    async def drain(self, domain: str, name: str) -> Queue:
        """Refuse new runs for a queue, and work off those that it has. Raises InvalidInput."""
        return await self._switch(domain, name, QueueState.DRAINING)

    async def set(self, domain: str, name: str, settings: QueueSettings, *, expected: str | None = None) -> Queue:
        """Give a queue its settings.

        Raises InvalidInput, StaleVersion, and NotFound where there is no queue to take a rate from.
        """
        _check_name(name)
        rate = None if settings.rate is None else read_rate(settings.rate, "/rate")

        async def told() -> QueueControl:
            return (await self._engine.queues.controls(domain, [name])).get(name, QueueControl())

        async def write(seen: QueueControl) -> bool:
            return await self._engine.queues.limit(domain, name, rate, seen=seen.rate)

        await revise(f"the rate of queue {name}", told, rate_revision, write, expected)
        return await self.get(domain, name)

    async def _switch(self, domain: str, name: str, state: QueueState) -> Queue:
        _check_name(name)
        await self._engine.queues.switch(domain, name, state)
        return await self.get(domain, name)


def _check_name(name: str) -> None:
    if not is_name(name, MAX_QUEUE_NAME):
        message = (
            f"{name!r:.40} can be no queue's name: letters, digits, '.', '_', '-' and ':', at most {MAX_QUEUE_NAME}"
        )
        raise InvalidInput([Problem("/path/name", message)])
