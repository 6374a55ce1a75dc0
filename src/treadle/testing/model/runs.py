"""The model's runs: submit, claim, settle, cancel, read."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

import msgspec

from treadle.domain.dependencies import Parent
from treadle.domain.errors import InvalidInput
from treadle.domain.instants import Instant
from treadle.domain.kv import Scope
from treadle.domain.runs import LIVE, Attempt, Claim, NewRun, Run, State
from treadle.domain.states import Transition
from treadle.engines.contract import REFUSALS, Accepted, RunQuery, Step, Topic
from treadle.system import Clock
from treadle.testing.model.claiming import claim, next_due, order, promote, to_claim
from treadle.testing.model.dependencies import children, parents, resolve
from treadle.testing.model.ending import cancel
from treadle.testing.model.enqueuing import enqueue
from treadle.testing.model.queries import matches
from treadle.testing.model.settling import stands
from treadle.testing.model.state import Data, Entry
from treadle.testing.model.workers import ModelWorkers


class ModelRuns:
    """See `contract.RunStore`."""

    def __init__(self, data: Data, clock: Clock, workers: ModelWorkers) -> None:
        self._data = data
        self._clock = clock
        self._workers = workers

    async def enqueue(
        self, runs: Sequence[NewRun], *, together: bool = False, now: Instant | None = None
    ) -> list[Accepted]:
        if together:
            tried = enqueue(deepcopy(replace(self._data, listeners=[])), runs, self._wall(now))
            if any(answer.admission in REFUSALS for answer in tried):
                return tried
        answers = enqueue(self._data, runs, self._wall(now))
        resolve(self._data, self._wall(now))
        self._data.wake([Topic.RUNS, Topic.EVENTS])
        return answers

    async def enqueue_within(
        self, connection: object, runs: Sequence[NewRun], *, together: bool = False, now: Instant | None = None
    ) -> list[Accepted]:
        raise InvalidInput("the model has no transactions")

    async def step(self, worker_id: str, done: Sequence[Transition], want: int, *, now: Instant | None = None) -> Step:
        member = self._workers.check(worker_id, now)
        refused = self._settle(done, now)
        resolve(self._data, self._wall(now))
        promote(self._data, self._wall(now))
        held = list(self._workers.held(worker_id))
        claims, solo_waiting = claim(self._data, member, held, want, self._wall(now))
        return Step(
            refused=refused,
            claims=claims,
            cancels=tuple(e.run.id for e in self._workers.held(worker_id) if e.run.cancel_requested_at is not None),
            next_due=next_due(self._data, member, self._wall(now)),
            solo_waiting=solo_waiting,
        )

    async def settle(self, done: Sequence[Transition], *, now: Instant | None = None) -> tuple[str, ...]:
        refused = self._settle(done, now)
        resolve(self._data, self._wall(now))
        return refused

    async def held_by(self, worker_ids: Sequence[str]) -> list[tuple[str, Claim, Instant | None]]:
        return [
            (worker_id, msgspec.structs.replace(to_claim(entry), steps=()), entry.run.cancel_requested_at)
            for worker_id in worker_ids
            for entry in self._workers.held(worker_id)
        ]

    async def cancel(self, domain: str, run_ids: Sequence[str], *, now: Instant | None = None) -> dict[str, State]:
        entries = [entry for run_id, entry in self._data.entries().items() if run_id in run_ids]
        answer = {}
        for entry in entries:
            if entry.run.domain == domain:
                cancel(self._data, entry, self._wall(now))
                answer[entry.run.id] = entry.run.state
        resolve(self._data, self._wall(now))
        self._data.wake([Topic.CANCELS, Topic.EVENTS])
        return answer

    async def resolve(self, *, now: Instant | None = None) -> bool:
        resolve(self._data, self._wall(now))
        return False

    async def parents(self, domain: str, run_id: str, *, results: bool = False) -> list[Parent]:
        found = parents(self._data, domain, run_id, self._clock.wall())
        return found if results else [msgspec.structs.replace(parent, result=None) for parent in found]

    async def children(self, domain: str, run_id: str, *, after: str = "", limit: int = 200) -> list[str]:
        return [child for child in children(self._data, domain, run_id) if child > after][:limit]

    async def get(self, domain: str, run_ids: Sequence[str]) -> list[Run]:
        return [run for run in self._views() if run.domain == domain and run.id in run_ids]

    async def find(self, query: RunQuery) -> list[Run]:
        found = [_to_run(entry) for entry in self._data.entries().values() if _matches(entry, query)]
        return sorted(found, key=lambda run: run.id, reverse=True)[: query.limit]

    async def find_ids(self, query: RunQuery) -> list[str]:
        return [run.id for run in await self.find(query)]

    async def count(self, query: RunQuery) -> int:
        return len(await self.find(query))

    async def attempts(self, domain: str, run_id: str) -> list[Attempt]:
        entry = self._data.entries().get(run_id)
        return list(entry.attempts) if entry is not None and entry.run.domain == domain else []

    async def ahead(self, domain: str, run_id: str, limit: int) -> int:
        this = self._data.live.get(run_id)
        if this is None or this.run.domain != domain:
            return 0
        before = [other for other in self._data.live.values() if order(other) < order(this)]
        if this.run.state is State.READY:
            rivals = [other for other in before if other.run.state is State.READY and _line(other) == _line(this)]
        else:
            waits = this.at_gate and (this.run.domain, this.run.reason)
            rivals = [other for other in before if other.at_gate and (other.run.domain, other.run.reason) == waits]
        return min(len(rivals), limit)

    async def counts(self, domain: str) -> dict[State, int]:
        states = [entry.run.state for entry in self._data.live.values() if entry.run.domain == domain]
        return {state: states.count(state) for state in LIVE if state in states}

    async def prune(self, before: Instant, limit: int) -> int:
        finished = [(entry.run.finished_at, run_id) for run_id, entry in self._data.history.items()]
        old = [run_id for at, run_id in finished if at is not None and at < before][:limit]
        for run_id in old:
            del self._data.history[run_id]
        for space in [each for each in self._data.kv if each.scope is not Scope.JOB and each.owner in old]:
            del self._data.kv[space]
        self._data.logs = [line for line in self._data.logs if line.run_id not in old]
        return len(old)

    def _settle(self, done: Sequence[Transition], now: Instant | None) -> tuple[str, ...]:
        for transition in done:
            if transition.worker_id is not None:
                self._workers.check(transition.worker_id, now)
        if done:
            self._data.wake([Topic.RUNS, Topic.EVENTS])
        return tuple(transition.run.id for transition in done if not stands(self._data, transition, self._wall(now)))

    def _views(self) -> list[Run]:
        return [_to_run(entry) for entry in self._data.entries().values()]

    def _wall(self, now: Instant | None) -> Instant:
        return self._clock.wall() if now is None else now


def _to_run(entry: Entry) -> Run:
    """What readers get: a run whose handler has not said yet when it began has started when it was claimed."""
    run, claimed_at = entry.run, entry.claimed_at
    if run.state is not State.RUNNING:
        return run
    started_at = claimed_at if run.started_at is None else run.started_at
    return msgspec.structs.replace(run, started_at=started_at, claimed_at=claimed_at)


def _matches(entry: Entry, query: RunQuery) -> bool:
    return matches(entry.run, query, entry.filed_under)


def _line(entry: Entry) -> tuple[str, str, str, bool]:
    return entry.run.domain, entry.run.queue, entry.run.requires, entry.run.suspect
