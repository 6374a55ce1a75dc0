"""New runs as rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from treadle.domain.runs import NewRun
from treadle.engines.sql.numbers import Line, gates_of, line_id
from treadle.engines.sql.records import to_json
from treadle.engines.sql.transaction import Row

RUN_COLUMNS: Final = 22
"""How many values tell a new run."""

OWN: Final = 5
"""How many of the values that tell a new run are its own; the others it has in common with other runs of its job."""


def gated(run: NewRun) -> bool:
    """Whether there are gates that a run has to pass."""
    return run.limits is not None and run.limits.gated


def line_of(run: NewRun) -> Line:
    """Where a run waits once nothing holds it back."""
    return Line(run.domain, run.queue, run.requires, solo=False)


def row_of(run: NewRun, write_gates: Callable[[list[int]], str]) -> Row:
    """A run as engines store it, its own values first; how they write its gates is theirs."""
    gates = gates_of(run.domain, run.limits)
    return (
        run.id,
        run.rank,
        run.due_at,
        run.created_at,
        run.inputs,
        line_id(line_of(run)),
        run.state,
        run.domain,
        run.job_id,
        run.job_version,
        run.queue,
        run.requires,
        run.priority,
        run.cause,
        run.schedule_id,
        run.slot,
        run.retry_of,
        to_json(run.limits),
        to_json(run.depends),
        write_gates(gates) if gates else None,
        to_json(run.reason),
        run.work,
    )
