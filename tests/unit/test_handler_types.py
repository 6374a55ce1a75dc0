"""What a type checker knows of handlers: mypy judges this file with the rest, and it runs, so it tells the truth."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, assert_type

from treadle import BaseTask, JobContext, RunnerResult, job
from treadle.authoring.submitting import RunHandle, SyncRunHandle


@dataclass
class Sent(RunnerResult):
    copies: int = 0


@job("types.async")
async def send(ctx: JobContext, org: str) -> dict[str, int]:
    return {org: 1}


@job("types.sync", retry=lambda error, failures: None if isinstance(error, KeyError) else 2.0 * failures)
def count(org: str) -> int:
    return len(org)


@job("types.class", interval_seconds=60)
class Send(BaseTask[Sent]):
    async def _execute_impl(self, context: JobContext) -> list[Sent]:
        return [Sent(error=ValueError("no"), copies=2)]


async def results(one: RunHandle[dict[str, int]]) -> None:
    assert_type(await one.result(), dict[str, int])
    assert_type(await send.enqueue(org="x", delay=60), RunHandle[dict[str, int]])
    assert_type(await (await send.enqueue(org="x")).result(), dict[str, int])
    assert_type(await (await count.enqueue(org="x")).result(), int)
    assert_type(await send.enqueue_many([{"org": "x"}]), list[RunHandle[dict[str, int]]])
    assert_type(await (await Send.enqueue()).result(), list[Sent])
    wrong: str = await (await count.enqueue(org="x")).result()  # type: ignore[assignment]
    assert wrong


def sync_results(one: SyncRunHandle[int]) -> None:
    assert_type(one.result(), int)
    assert_type(send.sync.enqueue(org="x").result(), dict[str, int])
    assert_type(count.sync.enqueue_many([]), list[SyncRunHandle[int]])


def plain_calls(ctx: JobContext) -> None:
    assert_type(count("x"), int)
    _ = assert_type(send(ctx, org="x"), Coroutine[Any, Any, dict[str, int]])
    assert_type(count.call(org="x"), int)
    count(3)  # type: ignore[arg-type]
    count(organisation="x")  # type: ignore[call-arg]


def wrong_options() -> list[Callable[..., Any]]:
    return [
        job("a", priority="high", tries=3),  # type: ignore[call-arg]
        job("b", max_retries="three"),  # type: ignore[arg-type]
    ]


async def test_what_a_checker_is_told_is_so() -> None:
    assert count("abc") == count.call(org="abc") == 3
    assert await send.call(org="x") == {"x": 1}
    assert await Send.handler.call() == [{"success": True, "message": "", "error": "ValueError: no", "copies": 2}]
