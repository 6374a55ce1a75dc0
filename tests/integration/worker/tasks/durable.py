"""Handlers with durable steps. What each step does is written into a ledger, a line each time that it is done."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from treadle import JobContext, WaitTimeout, job

from ._signals import hold, may_go_on, tell


def done(ctx: JobContext, what: str) -> str:
    """Do something in the outside world; answers what it was."""
    ledger = Path(os.environ["TREADLE_TEST_GATES"]) / f"{ctx.run_id}.ledger"
    with ledger.open("a") as file:
        file.write(f"{what}\n")
    return what


async def done_async(ctx: JobContext, what: str) -> str:
    await asyncio.sleep(0)
    return done(ctx, what)


@job("steps", timeout_seconds=600)
async def steps(ctx: JobContext) -> list[str]:
    """Three steps; the process may be killed between any two of them."""
    first = await ctx.step("first", done, ctx, "first")
    tell(ctx, "after first")
    second = await ctx.step("second", done_async, ctx, "second")
    tell(ctx, "begun")
    while not may_go_on(ctx):  # noqa: ASYNC110 - the test is another process
        await asyncio.sleep(0.01)
    return [first, second, await ctx.step("second", done, ctx, "third")]


@job("steps.sync", timeout_seconds=600)
def steps_sync(ctx: JobContext) -> list[str]:
    first = ctx.step("first", done, ctx, "first")
    second = ctx.step("second", done, ctx, "second")
    tell(ctx, "begun")
    hold(ctx)
    return [first, second, ctx.step("second", done, ctx, "third")]


@job("steps.apart", timeout_seconds=600, isolation="process")
async def steps_apart(ctx: JobContext) -> list[str]:
    result: list[str] = await steps(ctx)
    return result


@job("steps.apart.sync", timeout_seconds=600, isolation="process")
def steps_apart_sync(ctx: JobContext) -> list[str]:
    return steps_sync(ctx)


@job("sleepy", timeout_seconds=5)
async def sleepy(ctx: JobContext, seconds: float) -> list[Any]:
    before = await ctx.step("before", done, ctx, "before")
    tell(ctx, "begun")
    await ctx.sleep(seconds)
    return [before, await ctx.step("after", done, ctx, "after"), ctx.attempt]


@job("sleepy.sync")
def sleepy_sync(ctx: JobContext, seconds: float) -> list[Any]:
    before = ctx.step("before", done, ctx, "before")
    tell(ctx, "begun")
    ctx.sleep(seconds)
    return [before, ctx.step("after", done, ctx, "after"), ctx.attempt]


@job("sleepy.apart", isolation="process")
async def sleepy_apart(ctx: JobContext, seconds: float) -> list[Any]:
    result: list[Any] = await sleepy(ctx, seconds)
    return result


@job("order")
async def order(ctx: JobContext, number: int, patience: float | None = None) -> Any:
    await ctx.step("send", done, ctx, "send")
    tell(ctx, "begun")
    try:
        paid = await ctx.wait_for("paid", {"order": number}, patience)
    except WaitTimeout as error:
        return await ctx.step("remind", done, ctx, str(error)[:18])
    return paid


@job("order.sync")
def order_sync(ctx: JobContext, number: int, patience: float | None = None) -> Any:
    ctx.step("send", done, ctx, "send")
    tell(ctx, "begun")
    try:
        paid = ctx.wait_for("paid", {"order": number}, patience)
    except WaitTimeout as error:
        return ctx.step("remind", done, ctx, str(error)[:18])
    return paid


@job("order.apart", isolation="process")
async def order_apart(ctx: JobContext, number: int, patience: float | None = None) -> Any:
    return await order(ctx, number, patience)


@job("order.apart.sync", isolation="process")
def order_apart_sync(ctx: JobContext, number: int, patience: float | None = None) -> Any:
    return order_sync(ctx, number, patience)


@job("shop")
async def shop(ctx: JobContext, number: int) -> str:
    """Publishes once, though it is run twice."""
    await ctx.events.publish("paid", {"order": number, "by": "card"})
    await ctx.sleep(0.2)
    return "open"


@job("shop.apart", isolation="process")
def shop_apart(ctx: JobContext, number: int) -> str:
    ctx.events.publish("paid", {"order": number, "by": "card"})
    ctx.sleep(0.2)
    return "open"


@job("unkeepable", max_retries=2)
async def unkeepable(ctx: JobContext, what: str) -> Any:
    return await ctx.step("large", lambda: {"large": "x" * 300_000, "object": object()}[what])


@job("holds.on")
async def holds_on(ctx: JobContext) -> str:
    """Holds on to its place, against the rules."""
    try:
        await ctx.sleep(0.2)
    except BaseException:  # noqa: BLE001 - what is not to be done
        tell(ctx, "held on")
    return "through"
