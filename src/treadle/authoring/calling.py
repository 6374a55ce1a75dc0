"""Calling a handler as a plain function with checked inputs, where there is no run: what its context then stands on."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from treadle.authoring.inbox import Inbox
from treadle.authoring.keeping import Changed
from treadle.authoring.parents import KnownParents
from treadle.authoring.signals import Signal
from treadle.authoring.steps import Steps, Suspended
from treadle.domain import json
from treadle.domain.errors import InvalidInput
from treadle.domain.events import Event, NewEvent
from treadle.domain.jobs import JobSpec
from treadle.domain.json import Json
from treadle.domain.kv import Change, Entry, Scope, changed
from treadle.domain.logs import Level, Stream
from treadle.domain.progress import Progress
from treadle.domain.runs import DEFAULT_DOMAIN, Claim
from treadle.domain.steps import RunStep
from treadle.domain.waits import EventWait
from treadle.domain.work import encode_work
from treadle.system import SystemClock

_logger: Final = logging.getLogger("treadle.call")
_LEVELS: Final = {
    Level.DEBUG: logging.DEBUG,
    Level.INFO: logging.INFO,
    Level.WARNING: logging.WARNING,
    Level.ERROR: logging.ERROR,
}


class CalledAttempt:
    """The one attempt of a run that is nowhere. Its log is the logger `treadle.call`; events go nowhere."""

    def __init__(self, spec: JobSpec, inputs: Mapping[str, Any]) -> None:
        self.clock = SystemClock()
        now = self.clock.wall()
        self.claim = Claim(
            id="run_called",
            domain=DEFAULT_DOMAIN,
            job_id=spec.job_id,
            queue=spec.queue,
            requires=spec.work.requires,
            priority=spec.priority,
            token=1,
            attempt=1,
            failures=0,
            losses=0,
            solo_losses=0,
            suspect=False,
            due_at=now,
            created_at=now,
            claimed_at=now,
            work=encode_work(spec.work),
            inputs=json.encode(inputs),
        )
        self.inputs: Any = json.decode(self.claim.inputs)
        self.log = _Lines()
        self.cancelled = Signal()
        self.messages = None if spec.work.messages is None else Inbox((), preserve_order=False)
        self.deadline: float | None = None
        self.parents = KnownParents()
        self.steps = Steps(self.claim, _Nowhere(), self.clock)

    def report(self, progress: Progress) -> None:
        """See `RunningAttempt`."""
        _logger.info("progress: %s of %s", progress.done, progress.total)

    def run(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """What the function returns; of an async one, to be awaited. Raises InvalidInput where it would wait."""
        try:
            value = function(**arguments)
        except Suspended as suspended:
            raise _cannot_wait() from suspended
        return _awaited(value) if inspect.isawaitable(value) else value


async def _awaited(work: Awaitable[Any]) -> Any:
    try:
        return await work
    except Suspended as suspended:
        raise _cannot_wait() from suspended


def _cannot_wait() -> InvalidInput:
    return InvalidInput("the handler sleeps or waits for an event here: only a run can be taken up again later")


class _Lines:
    """Lines of the log, for the logging of the standard library."""

    def write(self, stream: Stream, level: Level, text: str, fields: Mapping[str, Any] | None = None) -> None:
        """See `Log`."""
        _logger.log(_LEVELS[level], "%s%s", text, f" {dict(fields)}" if fields else "")


@dataclass
class MemoryValues:
    """See `Keeper`: the values of one job and one run."""

    _entries: dict[tuple[Scope, str], Entry] = field(default_factory=dict)

    async def change(self, _claim: Claim, scope: Scope, change: Change) -> Changed:
        """See `Keeper`."""
        before = await self.value(_claim, scope, change.key)
        try:
            after = changed(scope, change, before, len(await self.entries(_claim, scope)))
        except InvalidInput as error:
            return Changed(refused=error.message)
        self._entries.pop((scope, change.key), None)
        if after is not None:
            self._entries[scope, change.key] = Entry(change.key, after, SystemClock().wall())
        return Changed(after)

    async def value(self, _claim: Claim, scope: Scope, key: str) -> Json | None:
        """See `Keeper`."""
        entry = self._entries.get((scope, key))
        return None if entry is None else entry.value

    async def entries(self, _claim: Claim, scope: Scope) -> list[Entry]:
        """See `Keeper`."""
        return [entry for (where, _), entry in sorted(self._entries.items()) if where is scope]


class _Nowhere(MemoryValues):
    """See `Keeper`: keeps values for the one call, and nothing else; no event ever comes."""

    async def record(self, _claim: Claim, _step: RunStep) -> bool:
        """See `Keeper`."""
        return True

    async def find_event(self, _claim: Claim, _wait: EventWait, _answered: frozenset[int]) -> tuple[Event | None, int]:
        """See `Keeper`."""
        return None, 0

    async def publish(self, _event: NewEvent, _key: str) -> None:
        """See `Keeper`."""
