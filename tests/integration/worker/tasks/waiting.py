"""Handlers that take their time, each in its own way of listening."""

from __future__ import annotations

import asyncio
import signal
import time

from treadle import JobContext, job

from ._signals import hold, may_go_on, tell


@job("wait", timeout_seconds=600)
async def wait(ctx: JobContext) -> int:
    """Goes on when let, and ends where it awaits."""
    tell(ctx, "begun")
    try:
        while not may_go_on(ctx):  # noqa: ASYNC110 - the test is another process
            await asyncio.sleep(0.01)
    except asyncio.CancelledError:
        tell(ctx, f"cancelled {ctx.cancelled}")
        raise
    return ctx.attempt


@job("wait.sync", timeout_seconds=600)
def wait_sync(ctx: JobContext) -> int:
    """Looks at `ctx.cancelled`."""
    tell(ctx, "begun")
    while not may_go_on(ctx):
        if ctx.cancelled:
            tell(ctx, "cancelled True")
            raise InterruptedError
        time.sleep(0.01)
    return ctx.attempt


@job("wait.apart", isolation="process", timeout_seconds=600)
def wait_apart(ctx: JobContext) -> int:
    """The same in a process of its own."""
    return wait_sync(ctx)


@job("wait.apart.async", isolation="process", timeout_seconds=600)
async def wait_apart_async(ctx: JobContext) -> int:
    return await wait(ctx)


@job("deaf.apart", isolation="process", timeout_seconds=600)
def deaf_apart(ctx: JobContext) -> int:
    """Hears nothing but KILL."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    tell(ctx, "begun")
    hold(ctx)
    return ctx.attempt


@job("deaf.thread", timeout_seconds=600)
def deaf_thread(ctx: JobContext) -> int:
    """Blocks its thread and looks at nothing."""
    tell(ctx, "begun")
    hold(ctx)
    return ctx.attempt


@job("block", timeout_seconds=600)
async def block(ctx: JobContext, seconds: float = 600.0) -> int:
    """Blocks the event loop."""
    tell(ctx, "begun")
    end = time.monotonic() + seconds
    while time.monotonic() < end and not may_go_on(ctx):
        time.sleep(0.05)  # noqa: ASYNC251 - the fault that this handler has
    return ctx.attempt


@job("compute", timeout_seconds=600)
async def compute(ctx: JobContext, seconds: float) -> float:
    """Holds the interpreter in one call into C for at least so long; answers for how long it did."""
    size, took = 1 << 20, 0.0
    while took < seconds:
        began = time.monotonic()
        pow(3, size)
        took = time.monotonic() - began
        size = round(size * max(1.2, (1.1 * seconds / took) ** (1 / 1.585)))  # as Karatsuba's multiplication grows
    return took
