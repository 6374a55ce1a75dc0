"""The model's steps, and its runs that wait for events."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from treadle.domain import json
from treadle.domain.admission import next_hold
from treadle.domain.events import Event
from treadle.domain.instants import Instant
from treadle.domain.json import Json
from treadle.domain.runs import State
from treadle.domain.steps import RunStep, StepKind
from treadle.domain.waits import FAMILY, EventWait, matches
from treadle.testing.model.lanes import gates_of
from treadle.testing.model.state import Data, Entry
from treadle.testing.model.workers import ModelWorkers


class ModelSteps:
    """See `contract.StepStore`."""

    def __init__(self, data: Data, workers: ModelWorkers) -> None:
        self._data = data
        self._workers = workers

    async def record(
        self, worker_id: str, run_id: str, token: int, step: RunStep, *, now: Instant | None = None
    ) -> bool:
        self._workers.check(worker_id, now)
        entry = self._data.live.get(run_id)
        if entry is None or entry.run.state is not State.RUNNING or entry.run.token != token:
            return False
        if step.name not in (known.name for known in entry.steps):
            entry.steps.append(msgspec.structs.replace(step, token=token))
        return True

    async def find(self, domain: str, run_id: str) -> list[RunStep]:
        entry = self._data.entries().get(run_id)
        return list(entry.steps) if entry is not None and entry.run.domain == domain else []

    async def outline(self, domain: str, run_ids: Sequence[str]) -> dict[str, list[tuple[str, StepKind]]]:
        found = {run_id: await self.find(domain, run_id) for run_id in run_ids}
        return {run_id: [(step.name, step.kind) for step in steps] for run_id, steps in found.items() if steps}

    async def waiting(self, domain: str, run_id: str) -> EventWait | None:
        entry = self._data.live.get(run_id)
        return entry.wait if entry is not None and entry.run.domain == domain else None


def begin_wait(data: Data, entry: Entry, wait: EventWait, now: Instant) -> None:
    """Let a run wait, or go on at once where an event has come since it looked."""
    entry.wait = wait
    answered = {step.event for step in entry.steps}
    for event in data.events:
        if event.seq > wait.after and event.at >= entry.run.created_at and event.seq not in answered:
            answer(entry, event, now)


def answer(entry: Entry, event: Event, now: Instant) -> bool:
    """Let a run go on, to its gates, if an event is what it waits for."""
    wait = entry.wait
    if wait is None or (event.domain, event.type) != (entry.run.domain, FAMILY + wait.event):
        return False
    if not matches(json.decode(wait.match), json.decode(event.data)):
        return False
    _go_on(entry, wait, StepKind.EVENT, now, event.data, event.seq)
    return True


def time_out(entry: Entry, now: Instant) -> None:
    """Let a run go on whose event has not come in time."""
    wait = entry.wait
    if wait is not None and wait.timeout_at is not None and wait.timeout_at <= now:
        _go_on(entry, wait, StepKind.TIMEOUT, now, b"null", None)


def _go_on(entry: Entry, wait: EventWait, kind: StepKind, now: Instant, result: Json, event: int | None) -> None:
    step = RunStep(name=wait.step, kind=kind, result=result, token=entry.run.token, at=now, event=event)
    if wait.step not in (known.name for known in entry.steps):
        entry.steps.append(step)
    entry.wait = None
    entry.at_gate = bool(gates_of(entry.run))
    hold = next_hold(has_parents=False, due_at=entry.run.due_at, gated=entry.at_gate, now=now)
    entry.run = msgspec.structs.replace(entry.run, state=hold.state, reason=hold.reason)
