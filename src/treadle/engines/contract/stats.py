"""The store of what runs that have ended add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from treadle.domain.instants import Instant, Micros
from treadle.domain.stats import Outcome, Standing, Tally


class StatStore(Protocol):
    """Tallies of runs that have ended, and how the live ones stand."""

    async def roll_up(self, limit: int) -> int:
        """Count the runs whose ends are told by the next events of the log, `limit` events at most; answers how many
        events were passed, 0 where there are none that were not.

        How far the log was gone through is kept with what it added up to: each run is counted once, whoever does it.
        Failures come to their groups in the same transaction.
        """
        ...

    async def note_depths(self, domain: str, ready: Mapping[str, int], *, now: Instant | None = None) -> None:
        """Keep how many runs are ready in queues of a domain: of each span the most that were noted in it."""
        ...

    async def tallies(
        self, domain: str, series: str, step: Micros, since: Instant, until: Instant
    ) -> list[tuple[Instant, Tally]]:
        """The tallies of a series whose spans begin from `since` on and before `until`, the oldest first."""
        ...

    async def standing(self, domain: str) -> Standing:
        """The live runs of a domain."""
        ...

    async def recent(self, domain: str, job_ids: Sequence[str], limit: int) -> dict[str, list[Outcome]]:
        """How the last runs of each of some jobs ended, newest first; jobs of which none has are left out."""
        ...

    async def prune(self, step: Micros, before: Instant, limit: int) -> int:
        """Remove up to `limit` tallies of spans that began before a moment; answers how many."""
        ...
