"""The store of groups of equal failures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from treadle.domain.failures import FailureGroup, GroupState, JobCount, Verdict
from treadle.domain.instants import Instant


class GroupQuery(Struct, frozen=True, kw_only=True):
    """Which groups to list, those that failed last first: those before the group that failed last at `before`.

    Several values of one filter mean any of them. How they stand is judged at `now`.
    """

    domain: str
    now: Instant
    limit: int
    before: tuple[Instant, str] | None = None
    states: tuple[GroupState, ...] = ()
    job_ids: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    failed_after: Instant | None = None


class FailureStore(Protocol):
    """Groups of failures. `StatStore.roll_up` brings them about, and files their runs under them (`GROUP_PATH`)."""

    async def find(self, query: GroupQuery) -> list[FailureGroup]:
        """A page of groups."""
        ...

    async def get(self, domain: str, group_id: str) -> FailureGroup | None:
        """One group."""
        ...

    async def jobs(self, domain: str, group_ids: Sequence[str]) -> dict[str, list[JobCount]]:
        """The jobs of groups, those that failed last first."""
        ...

    async def judge(self, domain: str, group_id: str, verdict: Verdict) -> FailureGroup | None:
        """Say something of a group, with an event; answers it as it is then. None where there is none.

        It is said of all failures that were counted before.
        """
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Remove up to `limit` groups whose last failure was before a moment; answers how many."""
        ...
