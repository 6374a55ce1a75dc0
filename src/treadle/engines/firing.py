"""What every engine records of a firing."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.overlap import Turn
from treadle.domain.runs import NewRun
from treadle.domain.slots import SkipReason, slots_skipped
from treadle.engines.contract import Accepted, Admission, Firing


def passed_over(firing: Firing, turn: Turn, answers: Sequence[Accepted], now: Instant) -> list[NewEvent]:
    """The events of the slots that fired and got no run: others stood in their way, or one with their unique key.

    `answers` are those to the runs that `turn` let be submitted.
    """
    runs = firing.runs
    submitted = zip(runs[turn.first : turn.last], answers, strict=True)
    told = {
        SkipReason.OVERLAP: [*runs[: turn.first], *runs[turn.last :]],
        SkipReason.UNIQUE: [run for run, answer in submitted if answer.admission is Admission.DUPLICATE],
    }
    return [_skipped(firing, reason, passed, now) for reason, passed in told.items() if passed]


def _skipped(firing: Firing, reason: SkipReason, runs: Sequence[NewRun], now: Instant) -> NewEvent:
    slots = [run.slot for run in runs if run.slot is not None]
    return slots_skipped(firing.domain, firing.schedule_id, runs[0].job_id, reason, slots, at=now)
