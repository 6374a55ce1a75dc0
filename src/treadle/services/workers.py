"""Workers and the other processes: who is there, and which of them takes runs."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.domain.errors import Conflict, Forbidden, NotFound, nearest
from treadle.domain.workers import SWITCHES, Role, Worker, WorkerState, shares
from treadle.engines.contract import Engine


class Workers:
    """The use cases of workers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def all(self, domain: str, roles: Sequence[Role] = (), states: Sequence[WorkerState] = ()) -> list[Worker]:
        """Processes that are in service, and those lost or stopped within the last day; of any role and in any state,
        or of some."""
        found = await self._engine.workers.find(domain)
        return [one for one in found if (not roles or one.role in roles) and (not states or one.state in states)]

    async def get(self, domain: str, worker_id: str) -> Worker:
        """One of them. Raises NotFound, with the nearest id there is."""
        found = {one.id: one for one in await self._engine.workers.find(domain)}
        if worker_id not in found:
            raise NotFound(f"there is no worker {worker_id}, nor was there within a day{nearest(worker_id, found)}")
        return found[worker_id]

    async def switch(self, domain: str, worker_id: str, state: WorkerState, *, bound: str | None = None) -> Worker:
        """Tell a worker to go into a state: `online`, `disabled` or `draining`. Repeating it changes nothing.

        Raises NotFound, Conflict for what takes no runs anyway, or is in a state from which nothing leads there, and
        Forbidden where the caller is `bound` to one of several domains that the worker serves.
        """
        worker = await self.get(domain, worker_id)
        if bound is not None and shares(worker.domains):
            raise Forbidden(f"worker {worker_id} serves other domains too: who is bound to {bound} cannot stop it")
        if worker.role is not Role.WORKER:
            raise Conflict(f"{worker_id} is of the role {worker.role}: only workers take runs")
        changed = await self._engine.workers.switch(domain, [worker_id], state)
        worker = await self.get(domain, worker_id)
        if not changed and worker.state is not state:
            from_states = " or ".join(SWITCHES[state])
            raise Conflict(f"worker {worker_id} is {worker.state}: only one that is {from_states} can be {state}")
        return worker
