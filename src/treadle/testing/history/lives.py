"""One run's way through its events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from treadle.domain.events import Event
from treadle.domain.instants import Instant, Micros
from treadle.domain.runs import TERMINAL, State
from treadle.domain.states import CANCEL_REQUESTED_EVENT, SPARING, TABLE, Change
from treadle.testing.history.records import Violation

STARTED: Final = TABLE[State.READY, Change.CLAIM].event
COMPLETED: Final = TABLE[State.RUNNING, Change.SUCCEED].event
CANCELLED: Final = TABLE[State.RUNNING, Change.CANCEL].event
LOST: Final = TABLE[State.RUNNING, Change.LOSE].event
RELEASED: Final = TABLE[State.RUNNING, Change.RELEASE].event
FINAL: Final = {row.event: row.to for row in TABLE.values() if row.to in TERMINAL}

_SETTLED: Final = frozenset(row.event for (state, _), row in TABLE.items() if state is State.RUNNING)
_SPARING: Final = frozenset(row.event for row in SPARING)
_FAILED: Final = frozenset(TABLE[State.RUNNING, change].event for change in (Change.RETRY, Change.FAIL))
_DUE: Final = frozenset(TABLE[State.RUNNING, change].event for change in (Change.RETRY, Change.SNOOZE))


class _Data(Struct):
    """What the event of a try tells; `token` is None where none was settled."""

    attempt: int = 0
    token: int | None = None
    due_at: Instant | None = None


_read = msgspec.json.Decoder(_Data).decode


class Life:
    """A run, as far as its events have been heard."""

    def __init__(
        self, run_id: str, *, due_at: Instant | None = None, max_attempts: int | None = None, skew: Micros = 0
    ) -> None:
        self.run_id = run_id
        self.due_at = due_at
        self.ended: State | None = None
        self.ends: dict[int, str] = {}
        """By which event each token was settled; an empty one is not settled yet."""
        self.cancel_asked = self.holds = False
        self._max_attempts = max_attempts
        self._skew = skew
        self._heard = self._failures = self._attempt = self._token = 0
        self._next_attempt = 1

    def hear(self, event: Event) -> Iterator[Violation]:
        """The next event of the run; what is wrong with it."""
        self._heard += 1
        if event.n != self._heard:
            yield self._broken("I13", f"event {event.n} ({event.type}) where {self._heard} was next")
            self._heard = event.n
        if self.ended is not None:
            yield self._broken("I2", f"{event.type} after it had ended {self.ended}")
        if event.type == STARTED:
            yield from self._start(event)
        elif event.type in _SETTLED:
            yield from self._settle(event)
        elif event.type == CANCEL_REQUESTED_EVENT:
            self.cancel_asked = True
        self.ended = FINAL.get(event.type, self.ended)

    def _start(self, event: Event) -> Iterator[Violation]:
        told = _read(event.data)
        token = told.token or 0
        if token <= self._token:
            yield self._broken("I3", f"claimed under token {token}, which is not beyond {self._token}")
        if self.holds:
            yield self._broken("I4", f"claimed under token {token} while {self._token} held it")
        if told.attempt != self._next_attempt:
            yield self._broken("I5", f"attempt {told.attempt} where {self._next_attempt} was next")
        if self.cancel_asked:
            yield self._broken("I11", f"claimed under token {token} after its cancel was accepted")
        if self.due_at is not None and event.at < self.due_at - self._skew:
            yield self._broken("I12", f"started {self.due_at - event.at} us before it was due")
        self._token, self._attempt, self.holds, self.due_at = token, told.attempt, True, None
        self.ends[token] = ""

    def _settle(self, event: Event) -> Iterator[Violation]:
        told = _read(event.data)
        if not self.holds and told.token is None:
            return  # a run that waited was cancelled, or skipped
        if not self.holds or told.token not in (self._token, None):
            yield self._broken("I3", f"{event.type} under token {told.token} was accepted; {self._standing}")
        self.holds = False
        self.ends[self._token if told.token is None else told.token] = event.type
        self._failures += event.type in _FAILED
        if self._max_attempts is not None and self._failures > self._max_attempts:
            yield self._broken("I5", f"it failed {self._failures} times, of {self._max_attempts} allowed")
        if self.cancel_asked and event.type not in (COMPLETED, CANCELLED):
            yield self._broken("I11", f"{event.type} after its cancel was accepted")
        if event.type not in _SPARING:
            self._next_attempt = self._attempt + 1
        if event.type in _DUE:
            self.due_at = told.due_at

    @property
    def _standing(self) -> str:
        return f"{self._token} was the one that stood" if self.holds else "nobody held it"

    def _broken(self, rule: str, what: str) -> Violation:
        return Violation(rule, self.run_id, what)
