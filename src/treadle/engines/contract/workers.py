"""The store of workers and their leases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from treadle.domain.instants import Instant, Micros
from treadle.domain.workers import Worker, WorkerSpec, WorkerState


class Renewal(Struct, frozen=True):
    """The answer to a heartbeat: the workers whose lease goes on, and the cancels accepted for runs they hold.

    A cancel is (worker id, run id, when it was accepted). Those of `alive` that are to end once they are empty are
    `draining`.
    """

    alive: frozenset[str]
    cancels: tuple[tuple[str, str, Instant], ...] = ()
    draining: frozenset[str] = frozenset()


class WorkerStore(Protocol):
    """Workers and their leases."""

    async def register(self, worker: WorkerSpec, lease: Micros, *, now: Instant | None = None) -> None:
        """Announce a worker and start its lease."""
        ...

    async def renew(self, worker_ids: Sequence[str], lease: Micros, *, now: Instant | None = None) -> Renewal:
        """Extend leases that have not ended. A worker missing from `alive` has lost all it held."""
        ...

    async def switch(
        self, domain: str, worker_ids: Sequence[str], state: WorkerState, *, now: Instant | None = None
    ) -> frozenset[str]:
        """Put workers into a state that `domain.workers.SWITCHES` leads to, with an event each; answers who changed.

        In force with the commit: none but one that is online claims. Leases go on in any of these states.
        """
        ...

    async def stop(self, worker_ids: Sequence[str]) -> None:
        """Take workers out of service; their leases end now. What they still hold is for the sweeper."""
        ...

    async def expire(self, *, now: Instant | None = None) -> list[str]:
        """End for good the leases that ran out; answers every ended worker that still holds runs."""
        ...

    async def find(self, domain: str) -> list[Worker]:
        """Processes of a domain, whatever their role, that are in service, and those lost or stopped within a day."""
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Forget up to `limit` ended workers that hold nothing and were last seen before a moment."""
        ...
