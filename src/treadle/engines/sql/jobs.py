"""What new runs want of their jobs, which are documents."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.domain.runs import NewRun
from treadle.engines.definitions import JOB_KIND
from treadle.engines.sql.transaction import Look


async def changed(look: Look, runs: Sequence[NewRun]) -> frozenset[str]:
    """Of runs that are to stand only if their job is unchanged, those whose job has another version or is gone."""
    wanted = [(run.id, run.domain, run.job_id, run.job_version) for run in runs if run.if_unchanged]
    return frozenset(run_id for (run_id,) in await look.feed("documents.changed", wanted, JOB_KIND))
