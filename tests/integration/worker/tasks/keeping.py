"""Handlers that keep values, tell how far they have come, and wait for their cancel."""

from __future__ import annotations

import asyncio
from typing import Any

from treadle import JobContext, job

from ._signals import tell


@job("keep")
async def keep(ctx: JobContext, who: str) -> list[Any]:
    count = await ctx.kv.incr("runs")
    await ctx.kv.set(f"by {who}", {"run": ctx.run_id})
    await ctx.kv.set("gone", 1)
    await ctx.kv.delete("gone")
    await ctx.state.set("who", who)
    missing = await ctx.kv.get("gone", "nothing")
    return [count, missing, await ctx.kv.get(f"by {who}"), await ctx.telemetry.get_state(), await ctx.kv.items()]


@job("keep.sync")
def keep_sync(ctx: JobContext, who: str) -> list[Any]:
    count = ctx.kv.incr("runs")
    ctx.kv.set(f"by {who}", {"run": ctx.run_id})
    ctx.kv.set("gone", 1)
    ctx.kv.delete("gone")
    ctx.state.set("who", who)
    missing = ctx.kv.get("gone", "nothing")
    return [count, missing, ctx.kv.get(f"by {who}"), ctx.telemetry.get_state(), ctx.kv.items()]


@job("keep.apart", isolation="process")
async def keep_apart(ctx: JobContext, who: str) -> list[Any]:
    result: list[Any] = await keep(ctx, who)
    return result


@job("keep.apart.sync", isolation="process")
def keep_apart_sync(ctx: JobContext, who: str) -> list[Any]:
    return keep_sync(ctx, who)


@job("keep.wrong", max_retries=0)
async def keep_wrong(ctx: JobContext) -> None:
    await ctx.kv.set("text", "three")
    await ctx.kv.incr("text")


@job("advance", timeout_seconds=600)
def advance(ctx: JobContext) -> None:
    """Tells of its progress more often than anybody could store it."""
    for done in range(10_001):
        ctx.progress(done, 10_000)


@job("advance.apart", isolation="process")
async def advance_apart(ctx: JobContext) -> None:
    advance(ctx)


@job("advance.slowly", timeout_seconds=600)
async def advance_slowly(ctx: JobContext) -> None:
    ctx.progress(0.5)
    tell(ctx, "begun")
    await asyncio.Event().wait()


@job("ends.when.told", timeout_seconds=600)
def ends_when_told(ctx: JobContext) -> str:
    tell(ctx, "begun")
    tell(ctx, f"early {ctx.cancel_signal.wait(0.01)}")
    return f"told {ctx.cancel_signal.wait()}"


@job("ends.when.told.apart", timeout_seconds=600, isolation="process")
def ends_when_told_apart(ctx: JobContext) -> str:
    return ends_when_told(ctx)


@job("tells.its.helper", timeout_seconds=600)
async def tells_its_helper(ctx: JobContext) -> None:
    """Its helper is not cancelled with it: it waits for the signal."""

    async def help_out() -> None:
        tell(ctx, f"helper {await ctx.cancel_signal.wait()}")

    helper = asyncio.create_task(help_out())
    tell(ctx, "begun")
    try:
        await asyncio.Event().wait()
    finally:
        await helper
