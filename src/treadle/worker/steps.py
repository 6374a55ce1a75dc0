"""Where the steps of a worker's runs are kept: its engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from treadle.domain import json
from treadle.domain.errors import LeaseLost
from treadle.domain.events import Event, NewEvent
from treadle.domain.runs import Claim
from treadle.domain.steps import RunStep
from treadle.domain.submitting import run_key
from treadle.domain.waits import EventWait, matches
from treadle.engines.contract import Engine
from treadle.worker.patience import until_available

T = TypeVar("T")

_PAGE: Final = 500


class EngineKeeper:
    """See `authoring.steps.StepKeeper`. Made in the event loop; called elsewhere, it blocks the caller's thread."""

    def __init__(self, engine: Engine, worker_id: str) -> None:
        self._engine = engine
        self._worker_id = worker_id
        self._loop = asyncio.get_running_loop()

    async def record(self, claim: Claim, step: RunStep) -> bool:
        """See `StepKeeper`."""
        return await self._patiently("record", lambda: self._record(claim, step))

    async def find_event(self, claim: Claim, wait: EventWait, answered: frozenset[int]) -> tuple[Event | None, int]:
        """See `StepKeeper`."""
        return await self._patiently("find an event", lambda: self._find_event(claim, wait, answered))

    async def publish(self, event: NewEvent, key: str) -> None:
        """See `StepKeeper`."""
        event_key = run_key(key, event.at, key, scope="publish")
        await self._patiently("publish", lambda: self._engine.events.publish(event, key=event_key))

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


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
