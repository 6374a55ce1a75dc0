"""Which runs of the model are asked for."""

from __future__ import annotations

from treadle.domain.runs import Run, State
from treadle.domain.searching import Found
from treadle.engines.contract import RunQuery


def is_dead(run: Run) -> bool:
    """Whether it is a dead letter."""
    return run.state is State.FAILED and run.resolution is None


def matches(run: Run, query: RunQuery, filed_under: Found = ()) -> bool:
    """Whether a run is asked for."""
    return (
        run.domain == query.domain
        and (query.before is None or run.id < query.before)
        and (query.prefix is None or run.id.startswith(query.prefix))
        and query.filed(filed_under)
        and (is_dead(run) or not query.dead)
        and (not query.states or run.state in query.states)
        and (not query.job_ids or run.job_id in query.job_ids)
        and (not query.queues or run.queue in query.queues)
        and (query.created_after is None or run.created_at >= query.created_after)
        and (query.created_before is None or run.created_at < query.created_before)
    )
