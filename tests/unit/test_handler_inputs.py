"""A handler's parameters are filled by name, and what does not fit is refused before anything runs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

import treadle
from tests.support.steps import MemoryKeeper
from treadle.authoring.binding import Binding
from treadle.authoring.context import JobContext
from treadle.authoring.inbox import Inbox
from treadle.authoring.parents import KnownParents, ParentSource
from treadle.authoring.signals import Signal
from treadle.authoring.steps import Steps
from treadle.domain import json
from treadle.domain.errors import InvalidInput
from treadle.domain.instants import Instant, Micros, from_iso
from treadle.domain.logs import Level, Stream
from treadle.domain.priority import Priority
from treadle.domain.progress import Progress
from treadle.domain.runs import Claim
from treadle.domain.work import PythonHandler, Work, encode_work
from treadle.system import Clock


class Lines(list[tuple[Stream, Level, str, object]]):
    def write(self, stream: Stream, level: Level, text: str, fields: object = None) -> None:
        self.append((stream, level, text, fields))


class Noon:
    def wall(self) -> Instant:
        return from_iso("2026-11-01T12:00:00Z")

    def steady(self) -> Micros:
        return 0

    def monotonic(self) -> float:
        return 10.0


class Attempt(NamedTuple):
    claim: Claim
    log: Lines
    cancelled: Signal
    inputs: dict[str, Any]
    deadline: float | None
    steps: Steps
    messages: Inbox | None = None
    parents: ParentSource = KnownParents()
    clock: Clock = Noon()

    def report(self, progress: Progress) -> None:
        self.log.write(Stream.SYSTEM, Level.INFO, f"{progress.done} of {progress.total}")


def attempt_of(
    inputs: dict[str, Any] | None = None, *, lines: Lines | None = None, flag: Signal | None = None
) -> Attempt:
    claim = Claim(
        id="run_1",
        domain="default",
        job_id="report",
        queue="default",
        requires="handler:report",
        priority=Priority.NORMAL,
        token=7,
        attempt=2,
        failures=1,
        losses=0,
        solo_losses=0,
        suspect=False,
        due_at=0,
        created_at=0,
        claimed_at=0,
        work=encode_work(Work(executor=PythonHandler(handler="report"))),
        inputs=json.encode(inputs or {}),
    )
    steps = Steps(claim, MemoryKeeper(), Noon())
    return Attempt(claim, Lines() if lines is None else lines, flag or Signal(), inputs or {}, 70.0, steps)


def bound(function: Callable[..., Any], inputs: dict[str, Any]) -> dict[str, Any]:
    arguments = Binding(function).arguments(attempt_of(inputs))
    return {name: "the context" if isinstance(value, JobContext) else value for name, value in arguments.items()}


def problems_of(function: Callable[..., Any], inputs: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        bound(function, inputs)
    return [(problem.pointer, problem.code) for problem in caught.value.problems]


def test_a_context_tells_of_its_run() -> None:
    flag = Signal()
    ctx = JobContext(attempt_of({"a": 1}, flag=flag))
    assert (ctx.run_id, ctx.job_id, ctx.attempt, ctx.token, ctx.inputs) == ("run_1", "report", 2, 7, {"a": 1})
    assert ctx.now == datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert ctx.deadline == datetime(2026, 11, 1, 12, 1, tzinfo=UTC)
    assert not ctx.cancelled
    flag.tell()
    assert ctx.cancelled


def test_a_context_writes_structured_lines() -> None:
    lines = Lines()
    logger = JobContext(attempt_of(lines=lines)).logger
    logger.debug("looked")
    logger.info("sent", to="ops", message="hello")
    logger.warning("slow", ms=31)
    logger.error("failed", code=2)
    assert lines == [
        (Stream.LOG, Level.DEBUG, "looked", None),
        (Stream.LOG, Level.INFO, "sent", {"to": "ops", "message": "hello"}),
        (Stream.LOG, Level.WARNING, "slow", {"ms": 31}),
        (Stream.LOG, Level.ERROR, "failed", {"code": 2}),
    ]


def test_parameters_are_filled_from_the_inputs_by_name() -> None:
    def handler(a: int, *, b: int = 2, c: int = 3) -> None: ...

    assert bound(handler, {"a": 1, "c": 4}) == {"a": 1, "c": 4}
    assert problems_of(handler, {}) == [("/inputs/a", "missing")]
    assert problems_of(handler, {"b": 1, "d": 2}) == [("/inputs/a", "missing"), ("/inputs/d", "unknown_key")]


def test_a_handler_without_parameters_takes_no_inputs() -> None:
    assert bound(lambda: None, {}) == {}
    assert problems_of(lambda: None, {"a": 1}) == [("/inputs/a", "unknown_key")]


def test_the_context_comes_by_name_or_by_type() -> None:
    def by_name(ctx, a): ...  # type: ignore[no-untyped-def]
    def by_type(a: int, context: JobContext) -> None: ...
    def by_qualified_type(a: int, context: treadle.JobContext) -> None: ...

    def by_real_type(a: int, context: Any) -> None: ...

    by_real_type.__annotations__["context"] = JobContext
    assert bound(by_name, {"a": 1}) == {"ctx": "the context", "a": 1}
    for function in (by_type, by_qualified_type, by_real_type):
        assert bound(function, {"a": 1}) == {"context": "the context", "a": 1}


def test_a_handler_of_the_context_alone_reads_the_inputs_itself() -> None:
    assert bound(lambda ctx: None, {"a": 1}) == {"ctx": "the context"}


def test_a_handler_with_rest_takes_every_input() -> None:
    def handler(ctx: JobContext, a: int, **rest: int) -> None: ...

    assert bound(handler, {"a": 1, "b": 2}) == {"ctx": "the context", "a": 1, "b": 2}
    assert problems_of(handler, {"a": 1, "ctx": 2}) == [("/inputs/ctx", "invalid")]


def test_a_wrapped_function_is_bound_by_its_own_parameters() -> None:
    def handler(a: int) -> None: ...

    @functools.wraps(handler)
    def outer(*args: Any, **kwargs: Any) -> None:
        handler(*args, **kwargs)

    assert bound(outer, {"a": 1}) == {"a": 1}


@pytest.mark.parametrize("function", [lambda a, /: None, lambda *a: None, lambda ctx, other: None])
def test_parameters_that_no_name_can_reach_are_refused(function: Callable[..., Any]) -> None:
    if "other" in function.__code__.co_varnames:
        function.__annotations__["other"] = JobContext
    with pytest.raises(InvalidInput):
        Binding(function)
