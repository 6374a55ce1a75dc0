"""The verdict on a history: one walk through its log, and what clients, ledger, readers and schedules say beside it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from treadle.domain.events import Event
from treadle.domain.instants import Instant, Micros, from_iso
from treadle.domain.runs import Cause, Run
from treadle.domain.slots import SLOT_SKIPPED_EVENT
from treadle.domain.states import QUEUED_EVENT
from treadle.testing.history.across import Asked, Lanes, Order, Parents
from treadle.testing.history.executions import executed
from treadle.testing.history.lives import LOST, RELEASED, STARTED, Life
from treadle.testing.history.records import Answer, History, Submitted, Verdict, Violation, Word

_AGAIN: Final = frozenset({LOST, RELEASED})


class _Skipped(msgspec.Struct):
    slots: list[str]


def judge(history: History) -> Verdict:
    """All that was not kept; see the package. It reads nothing but the history: no server, no clock."""
    asked = {call.run_id: call for call in history.submitted if call.answer is Answer.OK}
    runs = {run.id: run for run in history.runs}
    lives: dict[str, Life] = {}
    violations = [
        *_log(history, asked, runs, lives),
        *_accepted(asked, runs, lives),
        *_keys(history.submitted, runs, asked),
        *_cancels(history, lives),
        *_followed(history),
        *_slots(history),
        *([] if history.ledger is None else executed(history.ledger, asked, lives, history.skew)),
    ]
    begun = {(entry.run_id, entry.token) for entry in history.ledger or () if entry.word is Word.BEGUN}
    again = sum(
        (life.run_id, token) in begun and end in _AGAIN for life in lives.values() for token, end in life.ends.items()
    )
    return Verdict(runs=len(lives), reexecuted=again, violations=tuple(violations))


def _log(history: History, asked: Asked, runs: Mapping[str, Run], lives: dict[str, Life]) -> Iterator[Violation]:
    lanes, parents = Lanes(asked, history.limits), Parents(asked)
    order = None if history.overtaking is None else Order(asked, runs, history.overtaking)
    before = 0
    for event in history.events:
        if event.seq <= before:
            yield Violation("I13", event.subject, f"event {event.seq} of the log follows {before}")
        before = event.seq
        if not event.n:
            continue
        life = lives.get(event.subject)
        if life is None:
            life = lives[event.subject] = _born(event, asked.get(event.subject), history.skew)
        yield from life.hear(event)
        if event.type == QUEUED_EVENT and order is not None:
            order.queue(life.run_id)
        if event.type == STARTED:
            yield from lanes.start(life.run_id)
            yield from parents.start(life.run_id)
            if order is not None:
                yield from order.start(life.run_id)
        elif not life.holds:
            lanes.leave(life.run_id)
        if life.ended is not None:
            parents.end(life.run_id, life.ended)


def _born(event: Event, asked: Submitted | None, skew: Micros) -> Life:
    if asked is None:
        return Life(event.subject, skew=skew)
    return Life(event.subject, due_at=asked.due_at, max_attempts=asked.max_attempts, skew=skew)


def _accepted(asked: Asked, runs: Mapping[str, Run], lives: Mapping[str, Life]) -> Iterator[Violation]:
    """I1: what was accepted is in the log and among the runs, and ended in the same way in both."""
    for run_id in {**asked, **lives}:
        life, run = lives.get(run_id), runs.get(run_id)
        if life is None:
            yield Violation("I1", run_id, "it was accepted, and the log knows nothing of it")
        elif life.ended is None:
            yield Violation("I1", run_id, f"it has not ended: {'no such run' if run is None else run.state}")
        elif run is None:
            yield Violation("I1", run_id, f"it ended {life.ended}, and is not there")
        elif run.state is not life.ended:
            yield Violation("I2", run_id, f"it ended {life.ended}, and is {run.state}")


def _keys(submitted: Sequence[Submitted], runs: Mapping[str, Run], asked: Asked) -> Iterator[Violation]:
    """I10: each key has one run; and of the runs of clients each was told to one, but where an answer is missing."""
    told: dict[str, set[str]] = defaultdict(set)
    unknown = set()
    for call in submitted:
        if call.answer is Answer.OK:
            told[call.key].add(call.run_id)
        elif call.answer is Answer.UNKNOWN:
            unknown.add(call.key)
    for key, run_ids in told.items():
        if len(run_ids) > 1:
            yield Violation("I10", key, f"it names {len(run_ids)} runs: {sorted(run_ids)}")
    untold = [run.id for run in runs.values() if run.cause in (Cause.API, Cause.CLIENT) and run.id not in asked]
    for run_id in untold[len(unknown - told.keys()) :]:
        yield Violation(
            "I10", run_id, "it is there, no client was told of it, and no answer is missing that could be its"
        )


def _cancels(history: History, lives: Mapping[str, Life]) -> Iterator[Violation]:
    """I11: an accepted cancel is in the log, or came to a run that had ended. What follows it is judged by the log."""
    for cancel in history.cancelled:
        life = lives.get(cancel.run_id)
        if cancel.answer is Answer.OK and life is not None and not life.cancel_asked and life.ended is None:
            yield Violation("I11", cancel.run_id, "its cancel was accepted, and the log knows nothing of it")


def _followed(history: History) -> Iterator[Violation]:
    """I13: who followed the log got each event once, in order."""
    if history.followed is None:
        return
    got = Counter(history.followed)
    log = [event.seq for event in history.events]
    for seq in log:
        if got.pop(seq, 0) != 1:
            yield Violation("I13", str(seq), "who followed the log was not given this event once")
    for seq in got:
        yield Violation("I13", str(seq), "who followed the log was given an event that is not in it")
    if list(history.followed) != sorted(history.followed):
        yield Violation("I13", "log", "who followed the log was given events out of order")


def _slots(history: History) -> Iterator[Violation]:
    """I7: each slot has one run, or is recorded as skipped."""
    seen: Counter[tuple[str, Instant]] = Counter(
        (run.schedule_id, run.slot) for run in history.runs if run.schedule_id is not None and run.slot is not None
    )
    for event in history.events:
        if event.type == SLOT_SKIPPED_EVENT:
            slots = msgspec.json.decode(event.data, type=_Skipped).slots
            seen.update((event.subject, from_iso(slot)) for slot in slots)
    wanted = {(schedule_id, slot) for schedule_id, slots in history.slots.items() for slot in slots}
    for schedule_id, slot in {**seen, **dict.fromkeys(wanted)}:
        if schedule_id in history.slots and (count := seen[schedule_id, slot]) != 1:
            yield Violation("I7", schedule_id, f"slot {slot} was fired or recorded {count} times")
