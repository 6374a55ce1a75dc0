"""The store of runs: submit, claim, settle, read."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Protocol

from msgspec import Struct

from treadle.domain.dependencies import Parent
from treadle.domain.filters import RunFilter
from treadle.domain.instants import Instant
from treadle.domain.runs import Attempt, Claim, NewRun, Run, State
from treadle.domain.states import Transition


class Admission(StrEnum):
    """What became of a submitted run.

    Of the runs that are not new, the one that stands has the same idempotency key (`existing`, or `key_reused` where it
    came with another request), has the same unique key, or has waited for this submit to go into it.
    """

    CREATED = "created"
    EXISTING = "existing"
    KEY_REUSED = "key_reused"
    JOB_CHANGED = "job_changed"
    QUEUE_DRAINING = "queue_draining"
    LETTER_RESOLVED = "letter_resolved"
    PARENT_MISSING = "parent_missing"
    DUPLICATE = "duplicate"
    DEBOUNCED = "debounced"


REFUSALS: Final = frozenset(
    {
        Admission.KEY_REUSED,
        Admission.JOB_CHANGED,
        Admission.QUEUE_DRAINING,
        Admission.PARENT_MISSING,
        Admission.LETTER_RESOLVED,
    }
)
"""Of a run that was answered so, nothing was stored."""


class Accepted(Struct, frozen=True):
    """The answer to one submitted run. `run_id` is the run that stands: the new one, or the one that was there.

    `at` is the place among its parents of the one that is missing.
    """

    run_id: str
    admission: Admission
    at: int | None = None


class Step(Struct, frozen=True):
    """What one trip brought: the fences refused, the runs claimed, and what the worker should know.

    `cancels` are runs this worker holds whose cancel was accepted. `next_due` is when to ask again:
    where fewer were claimed than wanted, no run that the worker may take becomes due before it, nor does the rate of
    its queue let one go. `solo_waiting` says, also to one that wants nothing, that a suspect waits for this worker to
    hold nothing else.
    """

    refused: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    cancels: tuple[str, ...] = ()
    next_due: Instant | None = None
    solo_waiting: bool = False


class RunQuery(RunFilter, frozen=True, kw_only=True):
    """A page of a domain's runs, newest first; `before` is an exclusive run id."""

    domain: str
    limit: int
    before: str | None = None


class RunStore(Protocol):
    """Live runs: submit, claim, settle."""

    async def enqueue(
        self, runs: Sequence[NewRun], *, together: bool = False, now: Instant | None = None
    ) -> list[Accepted]:
        """Store runs, their events and keys in one transaction. A key that exists names its first run instead.

        Each run stands for itself; `together`, none is stored where one is refused.

        A run for a queue that drains is refused, and its key not taken; so is one made of a job that has another
        version now, or is gone, where it is to stand only `if_unchanged`. One with a unique key is decided upon by
        `domain.clashes.find_clash`; one that is debounced goes into the run with its key that waits and was never
        claimed, which then is as the new one, but for its id and creation. A retry by hand resolves the dead letter
        that it does again; where it was to be one and is none any more, a run `for_letter` is refused likewise.

        A run that names a parent which is neither known in its domain nor before it in the batch is not stored. One
        whose parents have not let it go is blocked until they do: whatever ends a run tells its children in the same
        transaction, up to a bound beyond which `resolve` tells the rest.
        """
        ...

    async def enqueue_within(
        self, connection: object, runs: Sequence[NewRun], *, together: bool = False, now: Instant | None = None
    ) -> list[Accepted]:
        """`enqueue` within the transaction that a caller has on a connection: what it stores, that one commits.

        Needs the capability `transactions`. Runs with limits come to their gates after the commit. Raises InvalidInput
        for a connection that is in no transaction, of another database, or of a library that is not known. What the
        caller's library raises is raised as it is.
        """
        ...

    async def step(self, worker_id: str, done: Sequence[Transition], want: int, *, now: Instant | None = None) -> Step:
        """Settle a batch and claim up to `want` runs, in one trip.

        A transition whose token no longer holds is refused, the others stand; one that was applied before (the same
        outcome under the same token) is neither applied again nor refused. Raises LeaseLost where the worker's lease
        has ended, or that of a worker in `done`: nothing is settled or claimed.
        """
        ...

    async def settle(self, done: Sequence[Transition], *, now: Instant | None = None) -> tuple[str, ...]:
        """Settle without claiming; answers the refused ids. For the sweeper (`worker_id` None) and the edges."""
        ...

    async def held_by(self, worker_ids: Sequence[str]) -> list[tuple[str, Claim, Instant | None]]:
        """The running runs of workers, as (worker id, claim without its steps, moment of the accepted cancel)."""
        ...

    async def cancel(self, domain: str, run_ids: Sequence[str], *, now: Instant | None = None) -> dict[str, State]:
        """Accept cancels. A waiting run is cancelled at once; a running one is marked, and its worker told.

        Answers each known run's state after the call; a finished run's is left as it was; unknown ids are left out.
        """
        ...

    async def resolve(self, *, now: Instant | None = None) -> bool:
        """Go on with telling children how their parents ended, as every step does; answers whether some are left."""
        ...

    async def parents(self, domain: str, run_id: str, *, results: bool = False) -> list[Parent]:
        """The parents of a run, in the order in which it names them; with their results where these are asked for."""
        ...

    async def children(self, domain: str, run_id: str, *, after: str = "", limit: int = 200) -> list[str]:
        """The ids of the runs that name a run as their parent, in order, from the first beyond `after`."""
        ...

    async def get(self, domain: str, run_ids: Sequence[str]) -> list[Run]:
        """Live and finished runs by id; unknown ids are left out."""
        ...

    async def find(self, query: RunQuery) -> list[Run]:
        """Live and finished runs, newest first."""
        ...

    async def find_ids(self, query: RunQuery) -> list[str]:
        """The ids of what `find` finds."""
        ...

    async def count(self, query: RunQuery) -> int:
        """How many `find` could find; counting stops at the query's limit."""
        ...

    async def attempts(self, domain: str, run_id: str) -> list[Attempt]:
        """The ended tries of a run, oldest first; of a run that had but one, only where that did not end it."""
        ...

    async def ahead(self, domain: str, run_id: str, limit: int) -> int:
        """How many ready runs of the same line go before this one, or where it waits for a lane or a rate, how many of
        those that wait for it too; counting stops at `limit`."""
        ...

    async def counts(self, domain: str) -> dict[State, int]:
        """How many live runs are in each live state."""
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Remove up to `limit` runs finished before a moment, with their attempts, steps and logs; answers how many.

        How a run ended stays known to its children for `TOMBSTONE_KEPT` after its end.
        """
        ...
