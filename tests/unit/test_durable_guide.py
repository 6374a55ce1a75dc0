"""The example of the guide to durable steps does what the guide says of it."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.steps import MemoryKeeper, claim
from treadle.authoring.context import JobContext
from treadle.authoring.steps import Suspended
from treadle.domain.events import Event
from treadle.domain.instants import HOUR
from treadle.domain.outcomes import Snoozed, Waiting
from treadle.testing.clock import VirtualClock

GUIDE = (Path(__file__).parents[2] / "docs" / "durable-steps.md").read_text(encoding="utf-8")


async def test_the_order_is_shipped_an_hour_after_it_was_paid() -> None:
    (source,) = re.findall(r"^```python\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {"__name__": "example"}
    exec(source, names)  # noqa: S102 - our own page
    keeper, clock = MemoryKeeper(), VirtualClock()

    async def run() -> Any:
        attempt: Any = SimpleNamespace(claim=claim(), steps=keeper.execution(clock), clock=clock)
        return await names["ship"].function(JobContext(attempt), order=17)

    with pytest.raises(Suspended) as ended:
        await run()
    assert isinstance(ended.value.outcome, Waiting)
    paid = b'{"order":17,"by":"card"}'
    keeper.events.append(Event(seq=1, domain="default", type="user.paid", subject="", n=0, job_id="", at=0, data=paid))
    with pytest.raises(Suspended) as ended:
        await run()
    assert ended.value.outcome == Snoozed(HOUR, "sleep")
    clock.advance(HOUR)
    assert await run() == {"invoice": "INV-17", "paid_by": "card", "parcel": "PCL-17"}
    assert [step.name for step in keeper.steps] == ["invoice", "wait:paid", "sleep", "parcel"]
