"""What differs between two runs of a job: why the one went wrong, where the other did not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, to_builtins

from treadle.domain import json
from treadle.domain.instants import Instant, to_seconds
from treadle.domain.runs import Run
from treadle.domain.work import decode_work
from treadle.domain.workers import Worker


class Difference(Struct, frozen=True, kw_only=True):
    """A dotted name, and what each of two runs has there; None where one has nothing."""

    field: str
    before: Any
    after: Any


def compare(before: Run, after: Run, workers: Mapping[str, Worker]) -> list[Difference]:
    """What differs: causes first (the definition, the inputs, the worker), then effects.

    Moments and ids, which differ by nature, are left out; `waited_sec` and `took_sec` say what of them counts.
    `workers` are those that are still known, by id; their facts are told where both are.
    """
    both_known = before.worker_id in workers and after.worker_id in workers
    left, right = (dict(_flat(_facts(run, workers if both_known else {}))) for run in (before, after))
    return [
        Difference(field=field, before=left.get(field), after=right.get(field))
        for field in {**left, **right}
        if left.get(field) != right.get(field)
        and not (_is_filled(field, left, right) or _is_filled(field, right, left))
    ]


def _is_filled(field: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether what is empty in the one has entries in the other, each of which is a difference of its own."""
    return one.get(field) == {} and any(name.startswith(f"{field}.") for name in other)


def _facts(run: Run, workers: Mapping[str, Worker]) -> dict[str, Any]:
    definition: dict[str, Any] = to_builtins(decode_work(run.work))
    definition.pop("trace", None)
    worker = workers.get(run.worker_id or "")
    return {
        "job_version": run.job_version,
        "definition": definition,
        "inputs": json.decode(run.inputs),
        "worker_id": run.worker_id,
        "worker": {} if worker is None else _of_worker(worker),
        "queue": run.queue,
        "priority": run.priority,
        "requires": run.requires,
        "limits": to_builtins(run.limits),
        "depends_on": to_builtins(run.depends),
        "cause": run.cause,
        "schedule_id": run.schedule_id,
        "retry_of": run.retry_of,
        "waited_sec": _between(run.due_at, run.started_at),
        "took_sec": _between(run.started_at, run.finished_at),
        "attempt": run.attempt,
        "status": run.state,
        "error": to_builtins(run.error),
        "result": None if run.result is None else json.decode(run.result),
    }


def _of_worker(worker: Worker) -> dict[str, Any]:
    return {"host": worker.host, "version": worker.version, **to_builtins(worker.traits)}


def _between(start: Instant | None, end: Instant | None) -> float | None:
    return None if start is None or end is None else round(to_seconds(end - start), 3)


def _flat(values: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{within}{key}.")
        else:
            yield f"{within}{key}", value
