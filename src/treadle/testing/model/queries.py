"""Which runs of the model are asked for."""

from __future__ import annotations

from treadle.domain.runs import Run
from treadle.engines.contract import RunQuery


def matches(run: Run, query: RunQuery) -> bool:
    """Whether a run is asked for."""
    return (
        run.domain == query.domain
        and (query.before is None or run.id < query.before)
        and (not query.states or run.state in query.states)
        and (not query.job_ids or run.job_id in query.job_ids)
        and (not query.queues or run.queue in query.queues)
        and (query.created_after is None or run.created_at >= query.created_after)
        and (query.created_before is None or run.created_at < query.created_before)
    )
