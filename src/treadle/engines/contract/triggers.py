"""The store of what completed runs bring about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from treadle.domain.instants import Instant
from treadle.domain.runs import NewRun


class Trigger(Struct, frozen=True, kw_only=True):
    """A run that completed, for a job that is to be run after its job."""

    seq: int
    domain: str
    job_id: str
    upstream: str
    run_id: str


class TriggerStore(Protocol):
    """Completed runs after which jobs are to be run; each is written down in the transaction that completes the run."""

    async def waiting(self, limit: int) -> list[Trigger]:
        """Triggers of all domains, the oldest first."""
        ...

    async def pull(self, seqs: Sequence[int], runs: Sequence[NewRun] = (), *, now: Instant | None = None) -> bool:
        """Use triggers up and submit what they bring about; nothing happens where any of them was used before."""
        ...
