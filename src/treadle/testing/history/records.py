"""What a history is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from treadle.domain.events import Event
from treadle.domain.instants import Instant, Micros
from treadle.domain.runs import Run


class Answer(StrEnum):
    """What a client was told: done, refused, or nothing (the connection broke, or no answer came in time)."""

    OK = "ok"
    FAIL = "fail"
    UNKNOWN = "unknown"


class Submitted(Struct, frozen=True, kw_only=True):
    """A submit, what it asked for, and what its client was told. A call that is repeated has the same `key`.

    `run_id` is there where the answer was `ok`. `parents` are ids of runs that are to complete before it.
    `max_attempts` counts failures; None is not asked for.
    """

    key: str
    answer: Answer
    run_id: str = ""
    due_at: Instant | None = None
    parents: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()
    max_attempts: int | None = None


class Cancelled(Struct, frozen=True):
    """A cancel, and what its client was told."""

    run_id: str
    answer: Answer


class Word(StrEnum):
    """What a handler writes of itself: before it does anything, and once all is done."""

    BEGUN = "begun"
    ENDED = "ended"


class Entry(Struct, frozen=True, array_like=True):
    """A line of the handlers' ledger. `key` is that of the submit, where the run's inputs tell it."""

    run_id: str
    token: int
    attempt: int
    word: Word
    at: Instant
    key: str = ""


class History(Struct, frozen=True, kw_only=True):
    """All that is known of what happened, once everything has come to rest.

    `events` is the whole log, in order; `runs` are all runs as they are read in the end. `ledger` is None where the
    handlers keep none; else each run's does. `followed` are the positions that a reader was given who followed the
    log. `limits` are those of lanes, `slots` the ones that each schedule had, `overtaking` the most runs that may start
    before an earlier one of their line: None is not judged. `skew` is how far the clocks of processes may lie apart, by
    which moments that one process tells are held against what another said.
    """

    submitted: Sequence[Submitted]
    events: Sequence[Event]
    runs: Sequence[Run]
    cancelled: Sequence[Cancelled] = ()
    ledger: Sequence[Entry] | None = None
    followed: Sequence[int] | None = None
    limits: Mapping[str, int] = {}
    slots: Mapping[str, Sequence[Instant]] = {}
    overtaking: int | None = None
    skew: Micros = 0


class Violation(Struct, frozen=True):
    """What was not kept: the invariant, of which run (or lane, schedule, key), and how."""

    rule: str
    subject: str
    what: str


class Verdict(Struct, frozen=True, kw_only=True):
    """What was not kept, and how often tries that had begun were done again since they were lost or given back."""

    runs: int
    reexecuted: int
    violations: tuple[Violation, ...]

    def count(self, rule: str) -> int:
        """How often an invariant was not kept."""
        return sum(violation.rule == rule for violation in self.violations)
