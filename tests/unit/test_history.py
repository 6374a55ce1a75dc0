"""The checker of histories finds nothing in a sound one, and names what is broken in each that is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from treadle.domain import json
from treadle.domain.events import Event
from treadle.domain.instants import SECOND, to_iso
from treadle.domain.priority import Priority
from treadle.domain.runs import Cause, Run, State
from treadle.testing.history import (
    Answer,
    Cancelled,
    Entry,
    History,
    Submitted,
    Verdict,
    Word,
    append,
    judge,
    read,
)


def event(subject: str, type_: str, at: int = 0, **data: Any) -> Event:
    """One whose places in the log and in its run are given by `log`."""
    return Event(
        seq=0, domain="default", type=type_, subject=subject, n=1, job_id="j", at=at, data=json.encode(data or {})
    )


def started(run_id: str, token: int, attempt: int | None = None, at: int = 10) -> Event:
    return event(run_id, "run.started", at, attempt=attempt or token, token=token)


def settled(run_id: str, how: str, token: int, **data: Any) -> Event:
    return event(run_id, f"run.{how}", 20, attempt=token, token=token, **data)


def queued(*run_ids: str) -> list[Event]:
    return [event(run_id, "run.queued") for run_id in run_ids]


def whole(run_id: str) -> list[Event]:
    """The events of a run that nothing happened to."""
    return [*queued(run_id), started(run_id, 1), settled(run_id, "completed", 1)]


def log(*events: Event) -> list[Event]:
    """The events as the engine numbers them: all together, and those of each run."""
    heard: dict[str, int] = {}
    numbered = []
    for seq, each in enumerate(events, 1):
        if each.n:
            heard[each.subject] = heard.get(each.subject, 0) + 1
        numbered.append(replace(each, seq=seq, n=each.n and heard[each.subject]))
    return numbered


def run(run_id: str, state: State = State.COMPLETED, **fields: Any) -> Run:
    standard: dict[str, Any] = dict.fromkeys(Run.__struct_fields__)
    standard |= {"id": run_id, "domain": "default", "queue": "default", "requires": "shell", "state": state}
    standard |= {"priority": Priority.NORMAL, "created_at": 0, "cause": Cause.API}
    return Run(**standard | fields)


def ok(run_id: str, **fields: Any) -> Submitted:
    return Submitted(key=f"key of {run_id}", answer=Answer.OK, run_id=run_id, **fields)


def executions(run_id: str, *tokens: int, at: int = 15) -> list[Entry]:
    return [
        Entry(run_id, token, token, word, at, f"key of {run_id}")
        for token in tokens
        for word in (Word.BEGUN, Word.ENDED)
    ]


def skipped(*slots: int) -> Event:
    return replace(event("tick", "schedule.slot_skipped", slots=[to_iso(slot) for slot in slots]), n=0)


LIFE = [
    *queued("a"),
    started("a", 1),
    settled("a", "retry_scheduled", 1, due_at=30),
    started("a", 2, at=30),
    settled("a", "lost", 2),
    started("a", 3, at=40),
    settled("a", "released", 3),
    replace(started("a", 4, attempt=3), at=50),
    settled("a", "completed", 4),
]
"""A run that failed, was lost, was given back, and completed."""

SOUND = History(
    submitted=[
        ok("a", max_attempts=2, lanes=("l",)),
        ok("b", parents=("a",), lanes=("l",)),
        ok("c"),
        ok("d", due_at=10),
        replace(ok("d"), answer=Answer.UNKNOWN, run_id=""),
        Submitted(key="other", answer=Answer.UNKNOWN),
        Submitted(key="refused", answer=Answer.FAIL),
    ],
    events=log(
        *LIFE,
        *whole("b"),
        *queued("c"),
        started("c", 1),
        event("c", "run.cancel_requested"),
        settled("c", "cancelled", 1),
        *whole("d"),
        *whole("e"),
        skipped(2 * SECOND),
        *queued("tick 1"),
        event("tick 1", "run.cancelled"),
    ),
    runs=[
        *(run(run_id) for run_id in "abde"),
        run("c", State.CANCELLED),
        run("tick 1", State.CANCELLED, cause=Cause.SCHEDULE, schedule_id="tick", slot=SECOND),
    ],
    cancelled=[Cancelled("c", Answer.OK), Cancelled("b", Answer.OK), Cancelled("e", Answer.UNKNOWN)],
    ledger=[
        *executions("a", 1, 2, 3, 4),
        *(entry for run_id in "bde" for entry in executions(run_id, 1)),
        *executions("c", 1)[:1],
    ],
    followed=range(1, 26),
    limits={"l": 1},
    slots={"tick": [SECOND, 2 * SECOND]},
    overtaking=0,
)


def test_a_sound_history_is_found_sound_and_counted() -> None:
    assert judge(SOUND) == Verdict(runs=6, reexecuted=2, violations=())


def without(events: Sequence[Event], number: int) -> list[Event]:
    return [each for place, each in enumerate(events) if place != number]


def relogged(*events: Event, **changes: Any) -> History:
    """The sound history with a log of its own, of which it has only the runs."""
    subjects = {each.subject for each in events}
    entries = [
        entry
        for run_id in sorted(subjects)
        for token in {json.decode(each.data).get("token") for each in events if each.subject == run_id}
        if token
        for entry in executions(run_id, token, at=10**9)
    ]
    standard = {
        "submitted": [ok(run_id) for run_id in subjects],
        "events": log(*events),
        "runs": [run(run_id) for run_id in subjects],
        "ledger": entries,
    }
    return History(**standard | changes)  # type: ignore[arg-type]


def changed(**changes: Any) -> History:
    return replace(SOUND, **{name: change(getattr(SOUND, name)) for name, change in changes.items()})


BROKEN: dict[str, tuple[str, Callable[[], History]]] = {
    "accepted, and never written": ("I1", lambda: changed(submitted=lambda calls: [*calls, ok("ghost")])),
    "accepted, and never ended": ("I1", lambda: relogged(*queued("a"), runs=[run("a", State.READY)])),
    "ended, and gone": ("I1", lambda: relogged(*whole("a"), runs=[])),
    "acknowledged before it was done": ("I1", lambda: relogged(*whole("a"), ledger=executions("a", 1)[:1])),
    "settled twice": ("I2", lambda: relogged(*whole("a"), settled("a", "failed", 1))),
    "executed again after its end": ("I2", lambda: relogged(*whole("a"), started("a", 2))),
    "another end than its own": ("I2", lambda: relogged(*whole("a"), runs=[run("a", State.FAILED)])),
    "a stale settle accepted": (
        "I3",
        lambda: relogged(*LIFE[:5], started("a", 3, at=40), settled("a", "completed", 2)),
    ),
    "settled by nobody": ("I3", lambda: relogged(*queued("a"), settled("a", "completed", 1))),
    "a token used again": ("I3", lambda: relogged(*LIFE[:3], started("a", 1, 2, at=30), settled("a", "completed", 1))),
    "executed without a claim": ("I3", lambda: changed(ledger=lambda entries: [*entries, *executions("b", 7)])),
    "held by two": (
        "I4",
        lambda: relogged(*queued("a"), started("a", 1), started("a", 2), settled("a", "completed", 2)),
    ),
    "executed twice under one claim": ("I4", lambda: changed(ledger=lambda entries: [*entries, *executions("b", 1)])),
    "more failures than allowed": ("I5", lambda: relogged(*LIFE, submitted=[ok("a", max_attempts=0)])),
    "a counter of attempts set back": (
        "I5",
        lambda: relogged(*LIFE[:3], started("a", 2, attempt=1, at=30), settled("a", "completed", 2)),
    ),
    "an attempt spent on what was given back": (
        "I5",
        lambda: relogged(*LIFE[:7], started("a", 4, attempt=4, at=50), settled("a", "completed", 4)),
    ),
    "more in a lane than it lets": (
        "I6",
        lambda: relogged(
            *queued("a", "b"),
            started("a", 1),
            started("b", 1),
            settled("a", "completed", 1),
            settled("b", "completed", 1),
            submitted=[ok("a", lanes=("l",)), ok("b", lanes=("l",))],
            limits={"l": 1},
        ),
    ),
    "a slot fired twice": (
        "I7",
        lambda: changed(events=lambda events: log(*events, skipped(SECOND)), followed=lambda _: None),
    ),
    "a slot passed over in silence": (
        "I7",
        lambda: changed(slots=lambda _: {"tick": [SECOND, 2 * SECOND, 3 * SECOND]}),
    ),
    "overtaken": (
        "I8",
        lambda: relogged(
            *queued("a", "b"),
            started("b", 1),
            settled("b", "completed", 1),
            started("a", 1),
            settled("a", "completed", 1),
            runs=[run("a"), run("b", created_at=1)],
            overtaking=0,
        ),
    ),
    "a child before its parent": ("I9", lambda: relogged(*whole("a"), submitted=[ok("a", parents=("z",))])),
    "a key with two runs": (
        "I10",
        lambda: changed(submitted=lambda calls: [*calls, replace(ok("c"), key="key of a")]),
    ),
    "one order executed as two runs": (
        "I10",
        lambda: changed(ledger=lambda entries: [*entries, replace(executions("c", 1)[1], key="key of a")]),
    ),
    "a run that nobody asked for": (
        "I10",
        lambda: changed(submitted=lambda calls: [call for call in calls if call.key != "other"]),
    ),
    "an accepted cancel forgotten": (
        "I11",
        lambda: relogged(*queued("a"), cancelled=[Cancelled("a", Answer.OK)], runs=[run("a", State.READY)]),
    ),
    "claimed after its cancel": (
        "I11",
        lambda: relogged(*queued("a"), event("a", "run.cancel_requested"), started("a", 1)),
    ),
    "failed after its cancel": (
        "I11",
        lambda: relogged(*queued("a"), started("a", 1), event("a", "run.cancel_requested"), settled("a", "failed", 1)),
    ),
    "started before its delay was over": ("I12", lambda: relogged(*whole("a"), submitted=[ok("a", due_at=11)])),
    "begun before its delay was over, by the handler's clock": (
        "I12",
        lambda: changed(ledger=lambda entries: [replace(entry, at=9) for entry in entries]),
    ),
    "retried too soon": ("I12", lambda: relogged(*LIFE[:3], started("a", 2, at=29), settled("a", "completed", 2))),
    "a gap in the events of a run": (
        "I13",
        lambda: changed(events=lambda events: without(events, 3), followed=lambda _: None),
    ),
    "a log out of order": (
        "I13",
        lambda: changed(events=lambda events: [*events[:-2], events[-1], events[-2]], followed=lambda _: None),
    ),
    "a follower who missed an event": ("I13", lambda: changed(followed=lambda _: [*range(1, 7), *range(8, 26)])),
    "a follower who was told twice": ("I13", lambda: changed(followed=lambda _: [*range(1, 26), 28])),
    "a follower who was told what never was": ("I13", lambda: changed(followed=lambda _: range(1, 27))),
    "a follower who was told out of order": ("I13", lambda: changed(followed=lambda _: range(25, 0, -1))),
}


@pytest.mark.parametrize(("rule", "make"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_named(rule: str, make: Callable[[], History]) -> None:
    verdict = judge(make())
    assert verdict.count(rule), verdict.violations


@pytest.mark.parametrize(("skew", "early"), [(0, True), (1, True), (2, False)])
def test_clocks_may_lie_apart_as_far_as_is_said(skew: int, early: bool) -> None:  # noqa: FBT001
    history = relogged(*whole("a"), submitted=[ok("a", due_at=12)])
    assert bool(judge(replace(history, skew=skew)).count("I12")) is early


def test_every_invariant_is_broken_by_one_of_them() -> None:
    assert {rule for rule, _ in BROKEN.values()} == {f"I{number}" for number in range(1, 14)}


def test_what_handlers_write_is_read_as_it_was(tmp_path: Path) -> None:
    entries = executions("a", 1, 2)
    for entry in entries:
        append(tmp_path / "ledger", entry)
    assert read(tmp_path / "ledger") == entries
