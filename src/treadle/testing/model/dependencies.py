"""The model's dependencies: every child is judged anew after each change, until none moves any more."""

from __future__ import annotations

from msgspec.structs import replace

from treadle.domain.admission import AT_THE_GATE, next_hold
from treadle.domain.dependencies import (
    TOMBSTONE_KEPT,
    Decision,
    Depends,
    Parent,
    Tally,
    Verdict,
    decide,
    judge,
    single_parent,
    why_ended,
)
from treadle.domain.instants import Instant
from treadle.domain.priority import rank
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import TERMINAL, NewRun, Run, State
from treadle.domain.states import TABLE, Change, cancel_data
from treadle.domain.submitting import wait_for
from treadle.engines.contract import Topic
from treadle.testing.model.ending import cancel, finish
from treadle.testing.model.lanes import gates_of, readmit
from treadle.testing.model.state import Data, Entry


def missing(data: Data, new: NewRun, now: Instant) -> int | None:
    """The place of the first parent that is not there. A retry by hand needs none of them any more."""
    if new.depends is None or new.retry_of is not None:
        return None
    named = new.depends.parents
    return next((at for at, one in enumerate(named) if not _is_known(data, new.domain, one, now)), None)


def attach(data: Data, new: NewRun, now: Instant) -> NewRun:
    """A new run as it is stored. Where it repeats a failed run, it takes its place as a parent."""
    for entry in data.live.values():
        depends = entry.run.depends
        if depends is None or new.retry_of not in entry.awaited or depends.on_failure != "wait":
            continue
        if _verdict(data, entry.run, depends, new.retry_of) is Verdict.FAILED:
            new_id = {new.retry_of: new.id}
            entry.awaited = [new_id.get(one, one) for one in entry.awaited]
            entry.named = [new_id.get(one, one) for one in entry.named]
            named = tuple(new_id.get(one, one) for one in depends.parents)
            conditions = {new_id.get(one, one): condition for one, condition in depends.conditions.items()}
            reason = Reason(ReasonCode.PARENTS, single_parent(entry.awaited))
            depends = replace(depends, parents=named, conditions=conditions)
            entry.run = replace(entry.run, depends=depends, reason=reason)
    return wait_for(new, awaited(data, new, now))


def expand(data: Data, new: NewRun) -> NewRun:
    """A run with the parents that the dependencies of its job bring: their live runs, else how the newest ended."""
    if new.depends is None:
        return new
    found = list(new.depends.parents)
    for job_id in new.depends.jobs:
        live, ended = (
            sorted((run_id for run_id, e in half.items() if (e.run.domain, e.run.job_id) == (new.domain, job_id)))
            for half in (data.live, data.history)
        )
        found += [one for one in reversed(live or ended[-1:]) if one not in found]
    return replace(new, depends=replace(new.depends, parents=tuple(found)))


def awaited(data: Data, new: NewRun, now: Instant) -> list[str]:
    """The parents that a new run waits for, or would if they had not ended."""
    parents = () if new.depends is None else new.depends.parents
    return [one for one in parents if _is_known(data, new.domain, one, now)]


def resolve(data: Data, now: Instant) -> None:
    """Move every run on that its parents let go or end, and those that wait for these; then whoever is at the gates."""
    while decided := [(entry, what) for entry in data.live.values() if (what := _decide(data, entry)) is not None]:
        for entry, (decision, blamed) in decided:
            entry.awaited = []
            _apply(data, entry, decision, blamed, now)
    readmit(data, now)


def parents(data: Data, domain: str, run_id: str, now: Instant) -> list[Parent]:
    """See `contract.RunStore`."""
    child = data.entries().get(run_id)
    if child is None or child.run.domain != domain or child.run.depends is None:
        return []
    return [_parent(data, one, now) for one in child.run.depends.parents]


def children(data: Data, domain: str, run_id: str) -> list[str]:
    """Every child of a run that is kept."""
    entry = data.entries().get(run_id)
    if entry is None or entry.run.domain != domain:
        return []
    return sorted(child.run.id for child in data.entries().values() if run_id in child.named)


def _decide(data: Data, entry: Entry) -> tuple[Decision, str] | None:
    """What becomes of a run now, and which parent is to blame; None where it waits on, or for no parents."""
    depends = entry.run.depends
    if depends is None or not entry.awaited:
        return None
    by_verdict: dict[Verdict | None, list[str]] = {None: [], **{verdict: [] for verdict in Verdict}}
    for parent in entry.awaited:
        by_verdict[_verdict(data, entry.run, depends, parent)].append(parent)
    tally = Tally(*(len(by_verdict[one]) for one in (None, Verdict.MET, Verdict.UNMET, Verdict.FAILED)))
    decision = decide(depends.join, depends.on_failure, tally)
    if decision is Decision.WAIT:
        return None
    blamed = by_verdict[Verdict.FAILED] if decision is Decision.CANCEL else by_verdict[Verdict.UNMET]
    return decision, min(blamed, default="")


def _verdict(data: Data, child: Run, depends: Depends, parent_id: str) -> Verdict | None:
    parent = data.ever[parent_id].run
    if parent.state not in TERMINAL:
        return None
    code = parent.error.code if parent.error else None
    return judge(parent.state, code, parent.result, depends.conditions.get(parent_id), depends.join)


def _apply(data: Data, entry: Entry, decision: Decision, blamed: str, now: Instant) -> None:
    run = entry.run
    assert run.depends is not None
    data.wake([Topic.RUNS, Topic.EVENTS])
    if decision is Decision.GO:
        eligible = max(run.due_at, now)
        hold = next_hold(has_parents=False, due_at=eligible, gated=bool(gates_of(run)), now=now)
        entry.at_gate = hold is AT_THE_GATE
        ranked = rank(eligible, run.priority)
        entry.run = replace(run, state=hold.state, reason=hold.reason, due_at=eligible, rank=ranked)
    elif decision is Decision.CANCEL:
        cancel(data, entry, now, why_ended(decision, blamed, None))
    else:
        why = why_ended(decision, blamed, run.depends.conditions.get(blamed))
        entry.run = replace(run, error=why)
        data.tell(entry, TABLE[State.BLOCKED, Change.SKIP].event, now, cancel_data(why))
        finish(data, entry, State.SKIPPED, now)


def _is_known(data: Data, domain: str, run_id: str, now: Instant) -> bool:
    entry = data.ever.get(run_id)
    return entry is not None and entry.run.domain == domain and _is_kept(data, entry, now)


def _is_kept(data: Data, entry: Entry, now: Instant) -> bool:
    finished_at = entry.run.finished_at
    return entry.run.id in data.entries() or (finished_at is not None and finished_at > now - TOMBSTONE_KEPT)


def _parent(data: Data, run_id: str, now: Instant) -> Parent:
    entry = data.ever.get(run_id)
    if entry is None or not _is_kept(data, entry, now):
        return Parent(id=run_id, state=None)
    run = entry.run
    if run_id not in data.entries():
        error = run.error and replace(run.error, message="", type="", traceback="")
        return Parent(id=run_id, state=run.state, error=error)
    ended = run.state in TERMINAL
    return Parent(id=run_id, state=run.state, result=run.result, error=run.error if ended else None)
