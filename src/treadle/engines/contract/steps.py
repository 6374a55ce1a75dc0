"""The store of recorded steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from treadle.domain.instants import Instant
from treadle.domain.steps import RunStep, StepKind
from treadle.domain.waits import EventWait


class StepStore(Protocol):
    """What runs have done for good, and what they wait for to go on.

    A settled run whose transition carries a `wait` is blocked until an event answers it (`EventStore.publish`) or its
    timeout has come; either is recorded as a step, in the transaction that makes the run ready. Events that were stored
    since the run was created, and have answered no wait of it, answer it at once.
    """

    async def record(
        self, worker_id: str, run_id: str, token: int, step: RunStep, *, now: Instant | None = None
    ) -> bool:
        """Keep a step of a run that is running under a token; False where it is not. A name that is there is kept.

        Raises LeaseLost where the worker's lease has ended.
        """
        ...

    async def find(self, domain: str, run_id: str) -> list[RunStep]:
        """The steps of a run, live or finished, oldest first."""
        ...

    async def outline(self, domain: str, run_ids: Sequence[str]) -> dict[str, list[tuple[str, StepKind]]]:
        """The names and kinds of the steps of runs, oldest first; runs without any are left out."""
        ...

    async def waiting(self, domain: str, run_id: str) -> EventWait | None:
        """The event that a run waits for, if it does."""
        ...
