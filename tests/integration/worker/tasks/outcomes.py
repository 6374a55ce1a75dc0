"""Handlers that end in every way there is."""

from __future__ import annotations

import asyncio
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from treadle import JobContext, job
from treadle.domain.outcomes import Failed, RunError, Skipped, Snoozed, Succeeded

SEEN: ContextVar[str] = ContextVar("SEEN", default="nothing")


@job("echo")
async def echo(ctx: JobContext, value: Any = None) -> Any:
    return value


@job("echo.sync")
def echo_sync(ctx: JobContext, value: Any = None) -> Any:
    return value


@job("echo.apart", isolation="process")
def echo_apart(ctx: JobContext, value: Any = None) -> Any:
    return value


@job("raise")
async def raise_(ctx: JobContext, how: str) -> Any:
    return _raise(how)


@job("raise.sync")
def raise_sync(ctx: JobContext, how: str) -> Any:
    return _raise(how)


@job("raise.apart", isolation="process")
async def raise_apart(ctx: JobContext, how: str) -> Any:
    return _raise(how)


@job("raise.in_a_task")
async def raise_in_a_task(ctx: JobContext, how: str) -> None:
    async def below() -> None:
        _raise(how)

    await asyncio.create_task(below())


@job("stop_the_loop")
async def stop_the_loop(ctx: JobContext) -> str:
    asyncio.get_running_loop().stop()
    await asyncio.sleep(0)
    return "and on"


@job("answer")
async def answer(ctx: JobContext, what: str) -> Any:
    answers: dict[str, Any] = {
        "skipped": Skipped("nothing to do"),
        "snoozed": Snoozed(0 if ctx.token > 1 else 1),
        "failed": Failed(RunError("mine", "as I say"), retry=False),
        "encoded": Succeeded(b'{"a": 1}'),
        "wrong result": Succeeded({"a": 1}),  # type: ignore[arg-type]
        "no JSON": Succeeded(b"{"),
        "wrong error": Failed("boom"),  # type: ignore[arg-type]
        "wrong delay": Snoozed(2**80),
        "too large": "x" * 300_000,
        "an object": object(),
        "half a letter": "\udc80",
    }
    if what == "snoozed" and ctx.token > 1:
        return "awake"
    return answers[what]


@job("context")
async def context(ctx: JobContext) -> str:
    before = SEEN.get()
    SEEN.set(ctx.run_id)
    return before


class _Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


ERRORS: dict[str, BaseException] = {
    "interrupt": KeyboardInterrupt(),
    "generator exit": GeneratorExit(),
    "base": BaseException("bottom of it"),
    "stop iteration": StopIteration(),
    "cancelled": asyncio.CancelledError(),
    "unprintable": _Unprintable(),
    "half a letter": ValueError("\udc80 \x00 \x1b[31mred"),
    "long": ValueError("x" * 10_000_000),
}


def _raise(how: str) -> Any:
    if how in ERRORS:
        raise ERRORS[how]
    match how:
        case "exit":
            sys.exit(3)
        case "recursion":
            return _raise(how)
        case "missing file":
            return Path("/nowhere").read_text()
    raise AssertionError(how)
