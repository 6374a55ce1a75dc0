"""Runs carry the trace of whoever submits them, in their work: to the worker, and to whoever reads them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from msgspec.structs import replace

from treadle import tracing
from treadle.domain.runs import NewRun
from treadle.domain.work import carry
from treadle.engines.contract import Firing

Call: TypeAlias = Callable[..., Awaitable[Any]]


def carrying(runs: Sequence[NewRun]) -> Sequence[NewRun]:
    """Runs with the trace that is under way; as they are where none is."""
    if not (trace := tracing.current()):
        return runs
    return [replace(run, work=carry(run.work, trace)) for run in runs]


def submitting(call: Call) -> Call:
    """A verb whose first argument are runs."""

    async def carried(runs: Sequence[NewRun], *more: Any, **options: Any) -> Any:
        return await call(carrying(runs), *more, **options)

    return carried


def submitting_within(call: Call) -> Call:
    """`RunStore.enqueue_within`."""

    async def carried(connection: object, runs: Sequence[NewRun], **options: Any) -> Any:
        return await call(connection, carrying(runs), **options)

    return carried


def firing(call: Call) -> Call:
    """`ScheduleStore.fire`: each schedule begins a trace, where traces are made."""

    async def carried(firings: Sequence[Firing], **options: Any) -> Any:
        return await call([_begun(each) for each in firings], **options)

    return carried if tracing.is_on() else call


def _begun(fired: Firing) -> Firing:
    if not fired.runs:
        return fired
    about = {"treadle.domain": fired.domain, "treadle.schedule_id": fired.schedule_id}
    with tracing.span("fire schedule", tracing.Kind.PRODUCER, attributes=about):
        return replace(fired, runs=tuple(carrying(fired.runs)))
