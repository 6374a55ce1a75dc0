"""`.call()`: a handler with checked inputs and a context, and no run."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import pytest

from treadle import JobContext, job
from treadle.domain.errors import InvalidInput


@dataclass
class Parcel:
    org: str
    weight: float = 1.0


@job("send", inputs={"weight": 2.0})
def send(ctx: JobContext, parcel: Parcel) -> Parcel:
    ctx.logger.info("sending", org=parcel.org)
    return parcel


@job("later")
async def later(ctx: JobContext, n: int) -> list[int]:
    await ctx.events.publish("begun")
    return [await ctx.step("double", lambda: 2 * n), ctx.attempt]


@job("waits")
async def waits(ctx: JobContext) -> None:
    await ctx.wait_for("never")


@job("sleeps")
def sleeps(ctx: JobContext) -> None:
    ctx.sleep(60)


def test_inputs_are_those_of_a_run(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "treadle.call"):
        assert send.call(org="x") == send.call({"org": "x"}) == Parcel("x", 2.0)
    assert send.call(Parcel("y", 3.0)) == Parcel("y", 3.0)
    assert caplog.messages[0] == "sending {'org': 'x'}"
    with pytest.raises(InvalidInput) as caught:
        send.call(weight="x")
    assert sorted(each.pointer for each in caught.value.problems) == ["/inputs/org", "/inputs/weight"]


async def test_an_async_handler_is_awaited_and_its_steps_are_done() -> None:
    assert await later.call(n=3) == [6, 1]


async def test_what_would_wait_for_another_time_says_so() -> None:
    with pytest.raises(InvalidInput, match="only a run can be taken up again"):
        await waits.call()


def test_a_sync_handler_says_so_too() -> None:
    with pytest.raises(InvalidInput, match="only a run can be taken up again"):
        sleeps.call()
