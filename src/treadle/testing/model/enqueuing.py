"""How the model takes runs."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.domain.admission import AT_THE_GATE
from treadle.domain.instants import Instant
from treadle.domain.json import Json
from treadle.domain.queues import QueueControl, QueueState
from treadle.domain.runs import NewRun, Run
from treadle.domain.states import QUEUED_EVENT
from treadle.engines.contract import Accepted, Admission
from treadle.testing.model.clashing import look, take_keys
from treadle.testing.model.dependencies import attach, awaited, expand, missing
from treadle.testing.model.lanes import declare, readmit
from treadle.testing.model.letters import resolve_by
from treadle.testing.model.state import Data, Entry


def enqueue(data: Data, runs: Sequence[NewRun], now: Instant) -> list[Accepted]:
    """Store new runs; a key that stands names its first run instead. Also how schedules submit."""
    answers = []
    for wanted in runs:
        new = expand(data, wanted)
        if new.key is not None and (standing := data.named(new.domain, new.key, now)) is not None:
            answers.append(standing)
            continue
        if new.if_unchanged and data.job_version(new.domain, new.job_id) != new.job_version:
            answers.append(Accepted(new.id, Admission.JOB_CHANGED))
            continue
        if data.control(new.domain, new.queue).state is QueueState.DRAINING:
            answers.append(Accepted(new.id, Admission.QUEUE_DRAINING))
            continue
        if (at := missing(data, new, now)) is not None:
            answers.append(Accepted(new.id, Admission.PARENT_MISSING, at))
            continue
        answer, how, holder = look(data, new, now)
        if answer is None and new.retry_of is not None and not resolve_by(data, new) and new.for_letter:
            answers.append(Accepted(new.id, Admission.LETTER_RESOLVED))
            continue
        if answer is None:
            answer = Accepted(new.id, Admission.CREATED)
            _store(data, new, take_keys(data, new, how, holder, now), now)
        if answer.admission is not Admission.DUPLICATE:
            data.queues.setdefault((new.domain, new.queue), QueueControl())
            if new.limits is not None:
                declare(data, new.domain, new.limits, over=None if new.retry_of is None else False)
        if new.key is not None:
            data.keys[new.domain, new.key.scope, new.key.key] = (answer.run_id, new.key)
        answers.append(answer)
    readmit(data, now)
    return answers


def _store(data: Data, new: NewRun, told: Json, now: Instant) -> None:
    held = attach(data, new, now)
    entry = Entry(_first(held), seq=data.number(), awaited=awaited(data, new, now), named=awaited(data, new, now))
    entry.filed_under = new.filed_under
    entry.at_gate = held.reason == AT_THE_GATE.reason
    data.live[new.id] = data.ever[new.id] = entry
    data.tell(entry, QUEUED_EVENT, new.created_at, told)


def _first(new: NewRun) -> Run:
    submitted = {name: getattr(new, name) for name in Run.__struct_fields__ if name in NewRun.__struct_fields__}
    return Run(
        **submitted,
        token=0,
        attempt=0,
        failures=0,
        losses=0,
        solo_losses=0,
        suspect=False,
        cancel_requested_at=None,
        worker_id=None,
        started_at=None,
        finished_at=None,
        result=None,
        error=None,
    )
