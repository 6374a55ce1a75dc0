"""What completed runs bring about."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.domain.runs import Claim
from treadle.engines.contract import Topic
from treadle.engines.postgres.writer import Transaction


async def note_completed(tx: Transaction, runs: Sequence[Claim]) -> None:
    """Write down those of the runs that complete in this transaction after which jobs are to be run."""
    if await tx.feed("triggers.trigger", [(run.domain, run.job_id, run.id) for run in runs]):
        tx.topics.add(Topic.TRIGGERS)
