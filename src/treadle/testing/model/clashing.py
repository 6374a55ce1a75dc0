"""What the model makes of submits that are one and the same as a run that stands."""

from __future__ import annotations

import msgspec

from treadle.domain.clashes import (
    DEBOUNCE_SCOPE,
    NO_WINDOW,
    UNIQUE_SCOPE,
    Debounce,
    Holder,
    OnClash,
    find_clash,
    queued_data,
    replaced_by,
)
from treadle.domain.instants import Instant
from treadle.domain.json import Json
from treadle.domain.priority import rank
from treadle.domain.runs import NewRun, State
from treadle.domain.states import DEBOUNCED_EVENT, debounced_data
from treadle.engines.contract import Accepted, Admission
from treadle.testing.model.ending import cancel
from treadle.testing.model.state import Data, Entry


def look(data: Data, new: NewRun, now: Instant) -> tuple[Accepted | None, OnClash | None, Holder | None]:
    """The answer to a submit where it makes no new run; else how it goes on with who has its unique key."""
    if new.debounce is not None:
        return _debounce(data, new, new.debounce, now), None, None
    if new.limits is None or new.limits.unique is None:
        return None, None, None
    unique = new.limits.unique
    holder = _holder(data, (new.domain, UNIQUE_SCOPE, unique.key or ""))
    how = find_clash(unique, holder, retry_of=new.retry_of, now=now)
    if holder is not None and how is OnClash.SKIP:
        return Accepted(holder.run_id, Admission.DUPLICATE), None, None
    return None, how, holder


def take_keys(data: Data, new: NewRun, how: OnClash | None, holder: Holder | None, now: Instant) -> Json:
    """Give its keys to a run that is about to be stored; answers what its event tells."""
    if holder is not None and how is OnClash.REPLACE:
        cancel(data, data.live[holder.run_id], now, replaced_by(new.id))
    if new.limits is not None and new.limits.unique is not None:
        unique = new.limits.unique
        data.holders[new.domain, UNIQUE_SCOPE, unique.key or ""] = (new.id, unique.expires_at(now))
    if new.debounce is not None:
        data.holders[new.domain, DEBOUNCE_SCOPE, new.debounce.key or ""] = (new.id, NO_WINDOW)
    return queued_data(how, holder)


def _holder(data: Data, name: tuple[str, str, str]) -> Holder | None:
    if name not in data.holders:
        return None
    run_id, expires_at = data.holders[name]
    entry = data.live.get(run_id)
    if entry is None:
        return Holder(run_id, expires_at, None, started=True)
    unique = None if entry.run.limits is None else entry.run.limits.unique
    return Holder(run_id, expires_at, unique, started=entry.run.token > 0)


def _debounce(data: Data, new: NewRun, debounce: Debounce, now: Instant) -> Accepted | None:
    name = (new.domain, DEBOUNCE_SCOPE, debounce.key or "")
    entry = data.live.get(data.holders[name][0]) if name in data.holders else None
    if entry is None or entry.run.state is not State.SCHEDULED or entry.run.token or entry.run.due_at <= now:
        return None
    _absorb(entry, new, debounce.due_at(entry.run.created_at, now))
    data.tell(entry, DEBOUNCED_EVENT, now, debounced_data(entry.run.due_at))
    return Accepted(entry.run.id, Admission.DEBOUNCED)


def _absorb(entry: Entry, new: NewRun, due_at: Instant) -> None:
    entry.filed_under = new.filed_under or entry.filed_under
    entry.run = msgspec.structs.replace(
        entry.run,
        job_version=new.job_version,
        queue=new.queue,
        requires=new.requires,
        priority=new.priority,
        due_at=due_at,
        rank=rank(due_at, new.priority),
        limits=new.limits,
        work=new.work,
        inputs=new.inputs,
    )
