"""Where the steps, values and progress of a worker's runs are kept: its engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from treadle.authoring.keeping import Changed
from treadle.domain import json
from treadle.domain.errors import InvalidInput, LeaseLost
from treadle.domain.events import Event, NewEvent
from treadle.domain.json import Json
from treadle.domain.kv import Change, Entry, Fence, Scope, Space
from treadle.domain.progress import Progress, kept, told
from treadle.domain.runs import Claim
from treadle.domain.steps import RunStep
from treadle.domain.submitting import run_key
from treadle.domain.waits import EventWait, matches
from treadle.engines.contract import Engine
from treadle.worker.patience import until_available

T = TypeVar("T")

_PAGE: Final = 500


class EngineKeeper:
    """See `authoring.keeping.Keeper`. Made in the event loop; called elsewhere, it blocks the caller's thread."""

    def __init__(self, engine: Engine, worker_id: str) -> None:
        self._engine = engine
        self._worker_id = worker_id
        self._loop = asyncio.get_running_loop()

    async def record(self, claim: Claim, step: RunStep) -> bool:
        """See `Keeper`."""
        return await self._patiently("record", lambda: self._record(claim, step))

    async def find_event(self, claim: Claim, wait: EventWait, answered: frozenset[int]) -> tuple[Event | None, int]:
        """See `Keeper`."""
        return await self._patiently("find an event", lambda: self._find_event(claim, wait, answered))

    async def publish(self, event: NewEvent, key: str) -> None:
        """See `Keeper`."""
        event_key = run_key(key, event.at, key, scope="publish")
        await self._patiently("publish", lambda: self._engine.events.publish(event, key=event_key))

    async def change(self, claim: Claim, scope: Scope, change: Change) -> Changed:
        """See `Keeper`."""
        return await self._patiently("change a value", lambda: self._change(claim, scope, change))

    async def value(self, claim: Claim, scope: Scope, key: str) -> Json | None:
        """See `Keeper`."""
        space = _space(claim, scope)
        found = await self._patiently(
            "read a value", lambda: self._engine.kv.get(space.domain, scope, [space.owner], key)
        )
        return found.get(space.owner)

    async def entries(self, claim: Claim, scope: Scope) -> list[Entry]:
        """See `Keeper`."""
        return await self._patiently("read values", lambda: self._engine.kv.find(_space(claim, scope)))

    async def store_progress(self, claim: Claim, progress: Progress) -> None:
        """Store how far a run has come. Raises Unavailable, and LeaseLost where it is no longer this worker's."""
        space, fence = _space(claim, Scope.PROGRESS), self._fence(claim)
        event = told(progress, domain=claim.domain, run_id=claim.id, job_id=claim.job_id)
        await self._engine.kv.change(space, kept(progress), fence=fence, event=event)

    async def _change(self, claim: Claim, scope: Scope, change: Change) -> Changed:
        try:
            return Changed(await self._engine.kv.change(_space(claim, scope), change, fence=self._fence(claim)))
        except InvalidInput as error:
            return Changed(refused=error.message)
        except LeaseLost:
            return Changed(held=False)

    def _fence(self, claim: Claim) -> Fence:
        return Fence(self._worker_id, claim.id, claim.token)

    async def _record(self, claim: Claim, step: RunStep) -> bool:
        try:
            return await self._engine.steps.record(self._worker_id, claim.id, claim.token, step)
        except LeaseLost:
            return False

    async def _find_event(self, claim: Claim, wait: EventWait, answered: frozenset[int]) -> tuple[Event | None, int]:
        events, wanted, after = self._engine.events, json.decode(wait.match), 0
        _, newest = await events.bounds()  # asked first: what is stored meanwhile lies beyond it, or is found below
        while page := await events.published(
            claim.domain, wait.event, since=claim.created_at, after=after, limit=_PAGE
        ):
            for event in page:
                if event.seq not in answered and matches(wanted, json.decode(event.data)):
                    return event, event.seq
            after = page[-1].seq
        return None, max(newest, after)

    async def _patiently(self, what: str, call: Callable[[], Awaitable[T]]) -> T:
        work = until_available(what, call)
        if _running_loop() is self._loop:
            return await work
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _space(claim: Claim, scope: Scope) -> Space:
    return Space(claim.domain, scope, claim.job_id if scope is Scope.JOB else claim.id)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
