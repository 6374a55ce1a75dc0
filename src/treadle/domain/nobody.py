"""Why no worker takes a run: what every one of them lacks, or was told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from treadle.domain.affinity import Affinity, dump_affinity, lacking, read_requirement
from treadle.domain.errors import nearest
from treadle.domain.explanation import Explanation
from treadle.domain.runs import Run
from treadle.domain.workers import IN_SERVICE, Worker, WorkerState, can_take

_HANDLER: Final = "handler:"
_MOST_WORKERS: Final = 5


def nobody_takes(run: Run, workers: Sequence[Worker], able: Sequence[Worker]) -> Explanation:
    """Why nobody does. `able` are those of the `workers` that could take it, of which none is online."""
    ability, affinity = read_requirement(run.requires)
    draining = [worker.id for worker in able if worker.state is WorkerState.DRAINING]
    disabled = [worker.id for worker in able if worker.state is WorkerState.DISABLED]
    details: dict[str, Any] = {"requires": ability, "queue": run.queue, "draining": draining, "disabled": disabled}
    if disabled:
        message = f"every worker that could take it is disabled ({', '.join(disabled[:_MOST_WORKERS])}); enable one"
        return Explanation(code="workers_disabled", message=message, details=details)
    if draining:
        message = f"every worker that could take it is draining ({len(draining)}); start another one"
        return Explanation(code="workers_draining", message=message, details=details)
    alive = [worker for worker in workers if worker.state in IN_SERVICE]
    if not alive:
        return Explanation(code="no_worker", message="no worker is online", details=details)
    offered = frozenset[str]().union(*(worker.requires for worker in alive))
    if ability not in offered:
        hint = nearest(ability, offered).replace(_HANDLER, "")
        message = f"no online worker has {_said(ability)}{hint}"
        return Explanation(code="no_worker_for_requirement", message=message, details=details)
    others = [one for one in alive if can_take(one.queues, one.requires, one.traits, run.queue, ability)]
    if affinity is None or not others:
        message = f"no online worker takes runs of the queue {run.queue!r} that require {_said(ability)}"
        return Explanation(code="no_worker_for_queue", message=message, details=details)
    return _no_match(affinity, others, details)


def _no_match(affinity: Affinity, workers: Sequence[Worker], details: dict[str, Any]) -> Explanation:
    """None matches that could carry it out otherwise, and what each would have to have."""
    missing = {worker.id: list(lacking(affinity, worker.traits)) for worker in workers}
    told = [f"{one.id} on {one.host} lacks {', '.join(missing[one.id])}" for one in workers[:_MOST_WORKERS]]
    more = f"; and {len(workers) - len(told)} more" if len(workers) > len(told) else ""
    return Explanation(
        code="no_worker_matches",
        message=f"of the workers that could carry it out, none matches its affinity: {'; '.join(told)}{more}",
        details={**details, "affinity": dump_affinity(affinity), "missing": missing},
    )


def _said(requires: str) -> str:
    name = requires.removeprefix(_HANDLER)
    return f"the handler {name!r}" if name != requires else f"the executor {requires!r}"
