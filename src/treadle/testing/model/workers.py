"""The model's workers and their leases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from treadle.domain.errors import LeaseLost
from treadle.domain.instants import DAY, Instant, Micros
from treadle.domain.runs import State
from treadle.domain.workers import IN_SERVICE, SWITCHES, Role, Worker, WorkerSpec, WorkerState, serves, switch_events
from treadle.engines.contract import Renewal, Topic
from treadle.system import Clock
from treadle.testing.model.state import Data, Entry, Member


class ModelWorkers:
    """See `contract.WorkerStore`. A lease is alive until the moment at which it ends, and not at it."""

    def __init__(self, data: Data, clock: Clock) -> None:
        self._data = data
        self._clock = clock

    async def register(self, worker: WorkerSpec, lease: Micros, *, now: Instant | None = None) -> None:
        wall = self._clock.wall() if now is None else now
        self._data.members[worker.id] = Member(worker, WorkerState.ONLINE, wall, wall, self._steady(now) + lease)

    async def renew(self, worker_ids: Sequence[str], lease: Micros, *, now: Instant | None = None) -> Renewal:
        alive = frozenset(worker_id for worker_id in worker_ids if self._is_alive(worker_id, now))
        for worker_id in alive:
            member = self._data.members[worker_id]
            member.lease_until = self._steady(now) + lease
            member.seen_at = self._clock.wall() if now is None else now
        held = [(worker_id, entry.run) for worker_id in alive for entry in self.held(worker_id)]
        marked = [(worker_id, run.id, run.cancel_requested_at) for worker_id, run in held]
        cancels = tuple((worker_id, run_id, at) for worker_id, run_id, at in marked if at is not None)
        states = {worker_id: self._data.members[worker_id].state for worker_id in alive}
        return Renewal(alive, cancels, frozenset(one for one in alive if states[one] is WorkerState.DRAINING))

    async def switch(
        self, domain: str, worker_ids: Sequence[str], state: WorkerState, *, now: Instant | None = None
    ) -> frozenset[str]:
        named = {member.spec.id: member for member in self._named(worker_ids) if member.spec.role is Role.WORKER}
        changed = sorted(one for one, member in named.items() if member.state in SWITCHES[state])
        for worker_id in changed:
            named[worker_id].state = state
        for event in switch_events(domain, changed, state, self._clock.wall() if now is None else now):
            self._data.write(event)
        self._data.wake([Topic.EVENTS, Topic.RUNS])
        return frozenset(changed)

    async def stop(self, worker_ids: Sequence[str]) -> None:
        for member in self._named(worker_ids):
            if member.state in IN_SERVICE:
                member.state = WorkerState.STOPPED

    async def expire(self, *, now: Instant | None = None) -> list[str]:
        for worker_id, member in self._data.members.items():
            if member.state in IN_SERVICE and not self._is_alive(worker_id, now):
                member.state = WorkerState.LOST
        ended = (worker_id for worker_id, member in self._data.members.items() if member.state not in IN_SERVICE)
        return [worker_id for worker_id in ended if any(self.held(worker_id))]

    async def find(self, domain: str) -> list[Worker]:
        recent = self._clock.wall() - DAY
        return [
            self._to_worker(member)
            for _, member in sorted(self._data.members.items())
            if serves(member.spec.domains, domain) and (member.state in IN_SERVICE or member.seen_at > recent)
        ]

    async def prune(self, before: Instant, limit: int) -> int:
        ended = (member for member in self._data.members.values() if member.state not in IN_SERVICE)
        idle = (member.spec.id for member in ended if member.seen_at < before and not any(self.held(member.spec.id)))
        old = list(idle)[:limit]
        for worker_id in old:
            del self._data.members[worker_id]
        return len(old)

    def check(self, worker_id: str, now: Instant | None) -> Member:
        """The worker, if its lease is alive. Raises LeaseLost where it is not."""
        if not self._is_alive(worker_id, now):
            raise LeaseLost(f"worker {worker_id} has no lease that is alive")
        return self._data.members[worker_id]

    def held(self, worker_id: str) -> Iterator[Entry]:
        """What a worker runs."""
        for entry in self._data.live.values():
            if entry.run.state is State.RUNNING and entry.run.worker_id == worker_id:
                yield entry

    def _named(self, worker_ids: Sequence[str]) -> list[Member]:
        return [self._data.members[worker_id] for worker_id in worker_ids if worker_id in self._data.members]

    def _is_alive(self, worker_id: str, now: Instant | None) -> bool:
        member = self._data.members.get(worker_id)
        return member is not None and member.state in IN_SERVICE and self._steady(now) < member.lease_until

    def _steady(self, now: Instant | None) -> Micros:
        return self._clock.steady() if now is None else now

    def _to_worker(self, member: Member) -> Worker:
        spec = member.spec
        return Worker(
            id=spec.id,
            domains=spec.domains,
            host=spec.host,
            pid=spec.pid,
            slots=spec.slots,
            queues=spec.queues,
            requires=spec.requires,
            version=spec.version,
            state=member.state,
            registered_at=member.registered_at,
            seen_at=member.seen_at,
            running=sum(1 for _ in self.held(spec.id)),
            alone=any(entry.run.suspect for entry in self.held(spec.id)),
            role=spec.role,
            traits=spec.traits,
        )
