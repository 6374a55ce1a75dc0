"""Which runs of the model are asked for."""

from __future__ import annotations

from treadle.domain.instants import Instant
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
        and (not query.run_ids or run.id in query.run_ids)
        and query.filed(filed_under)
        and (is_dead(run) or not query.dead)
        and (not query.states or run.state in query.states)
        and (not query.job_ids or run.job_id in query.job_ids)
        and (not query.queues or run.queue in query.queues)
        and _within(run.created_at, query.created_after, query.created_before)
        and (not query.ended or _within(run.finished_at, query.finished_after, query.finished_before))
    )


def _within(at: Instant | None, first: Instant | None, last: Instant | None) -> bool:
    return at is not None and (first is None or at >= first) and (last is None or at < last)
