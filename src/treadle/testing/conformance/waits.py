"""Waiting for events: nothing is missed, nothing answers twice, and what waits in vain goes on in time."""

from __future__ import annotations

import asyncio
from typing import Any

from treadle.domain import json
from treadle.domain.instants import HOUR, MINUTE, SECOND, Instant
from treadle.domain.outcomes import Succeeded, Waiting
from treadle.domain.publishing import user_event
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import Claim, RunKey, State
from treadle.domain.steps import StepKind
from treadle.domain.waits import EventWait
from treadle.engines.contract import Admission, Engine, Published
from treadle.testing.conformance.opening import Opener
from treadle.testing.driver import Driver

EXPIRES: Instant = 10**18


def waiting(match: dict[str, Any] | None = None, *, step: str = "wait:paid", **fields: Any) -> Waiting:
    """The outcome of a handler that waits for the event `paid`."""
    wait = EventWait(step=step, event="paid", match=json.encode(match or {}), **fields)
    return Waiting(Reason(ReasonCode.EVENT, "paid"), wait)


async def publish(
    drive: Driver, data: dict[str, Any] | None = None, name: str = "paid", domain: str = "default", key: str = ""
) -> Published:
    """Publish an event now; under a key that stands for the data."""
    event = user_event(name, data or {}, domain=domain, source="shop", at=drive.now)
    event_key = RunKey("publish", key, str(data), EXPIRES) if key else None
    return await drive.engine.events.publish(event, key=event_key, now=drive.now)


async def wait(drive: Driver, worker: str, outcome: Waiting) -> Claim:
    """Let a new run wait."""
    await drive.submit()
    claim = await drive.claim_one(worker)
    assert await drive.settle(worker, claim, outcome) == ()
    return claim


class TestWaits:
    async def test_a_run_waits_until_its_event_comes(self, engine: Engine, drive: Driver) -> None:
        worker = await drive.worker(lease=HOUR)
        outcome = waiting({"order": 17}, timeout_at=drive.now + HOUR)
        claim = await wait(drive, worker, outcome)
        run = await drive.run(claim.id)
        assert (run.state, run.reason, run.worker_id) == (State.BLOCKED, Reason(ReasonCode.EVENT, "paid"), None)
        assert await engine.steps.waiting("default", claim.id) == outcome.wait
        assert await engine.steps.waiting("theirs", claim.id) is None
        for data, name, domain in [({"order": 18}, "paid", "default"), ({}, "paid", "default")]:
            assert (await publish(drive, data, name, domain)).woken == 0
        assert (await publish(drive, {"order": 17}, "sent")).woken == 0
        assert (await publish(drive, {"order": 17}, "paid", "theirs")).woken == 0
        assert await drive.claim(worker) == ()
        published = await publish(drive, {"order": 17, "by": "card"})
        assert published.woken == 1
        again = await drive.claim_one(worker)
        assert (again.id, again.token, again.attempt) == (claim.id, 2, 1)
        (step,) = again.steps
        assert (step.name, step.kind, step.event) == ("wait:paid", StepKind.EVENT, published.seq)
        assert (json.decode(step.result), step.at) == ({"order": 17, "by": "card"}, drive.now)
        assert await engine.steps.waiting("default", claim.id) is None
        assert await drive.told(claim.id) == ["run.queued", "run.started", "run.waiting", "run.started"]

    async def test_an_event_is_in_the_log_as_it_was_published(self, engine: Engine, drive: Driver) -> None:
        published = await publish(drive, {"order": 17})
        (event,) = await engine.events.read("default", after=0, limit=9, types=["user.paid"])
        assert (event.seq, event.type, event.subject, event.n) == (published.seq, "user.paid", "shop", 0)
        assert (json.decode(event.data), event.at) == ({"order": 17}, drive.now)
        found = await engine.events.published("default", "paid", since=drive.now, after=0, limit=9)
        assert found == [event]
        assert await engine.events.published("default", "paid", since=drive.now + 1, after=0, limit=9) == []
        assert await engine.events.published("default", "paid", since=0, after=event.seq, limit=9) == []
        assert await engine.events.published("default", "pai", since=0, after=0, limit=9) == []

    async def test_the_newest_events_of_a_type_come_first(self, engine: Engine, drive: Driver) -> None:
        for order in (17, 18, 19):
            await publish(drive, {"order": order})
        found = await engine.events.newest("default", "user.paid", 2)
        assert [json.decode(event.data) for event in found] == [{"order": 19}, {"order": 18}]
        assert await engine.events.newest("other", "user.paid", 2) == []
        assert await engine.events.newest("default", "run.queued", 2) == []

    async def test_an_event_that_came_before_the_wait_is_not_missed(self, drive: Driver) -> None:
        worker = await drive.worker(lease=HOUR)
        await drive.submit()
        claim = await drive.claim_one(worker)
        first = await publish(drive, {"n": 1})
        await publish(drive, {"n": 2})
        await drive.settle(worker, claim, waiting())
        again = await drive.claim_one(worker)
        assert [step.event for step in again.steps] == [first.seq]

    async def test_an_event_of_before_the_run_does_not_answer(self, drive: Driver) -> None:
        worker = await drive.worker(lease=HOUR)
        await publish(drive)
        drive.now += 1
        claim = await wait(drive, worker, waiting())
        assert (await drive.run(claim.id)).state is State.BLOCKED

    async def test_an_event_that_was_looked_at_does_not_answer(self, drive: Driver) -> None:
        worker = await drive.worker(lease=HOUR)
        seen = await publish(drive)
        claim = await wait(drive, worker, waiting(after=seen.seq))
        assert (await drive.run(claim.id)).state is State.BLOCKED
        assert (await publish(drive)).woken == 1

    async def test_each_event_answers_one_wait_of_a_run(self, drive: Driver) -> None:
        worker = await drive.worker(lease=HOUR)
        await drive.submit()
        claim = await drive.claim_one(worker)
        events = [(await publish(drive, {"n": n})).seq for n in (1, 2)]
        await drive.settle(worker, claim, waiting())
        await drive.settle(worker, await drive.claim_one(worker), waiting(step="wait:paid#2"))
        third = await drive.claim_one(worker)
        assert [step.event for step in third.steps] == events
        await drive.settle(worker, third, waiting(step="wait:paid#3"))
        assert (await drive.run(claim.id)).state is State.BLOCKED

    async def test_an_event_wakes_all_that_wait_for_it(self, engine: Engine, drive: Driver) -> None:
        worker = await drive.worker(lease=HOUR)
        ids = await drive.submit(1_200)
        for _ in range(4):
            claims = await drive.claim(worker, 300)
            settled = [drive.outcome(claim, waiting({"shop": "a"}), worker) for claim in claims]
            assert await engine.runs.settle(settled, now=drive.now) == ()
        bystander = await wait(drive, worker, waiting({"shop": "b"}))
        assert (await publish(drive, {"shop": "a"})).woken == 1_200
        assert await engine.events.deliver(now=drive.now) == 0
        assert set(await drive.states(ids)) == {State.READY}
        assert (await drive.run(bystander.id)).state is State.BLOCKED

    async def test_a_wait_ends_in_time_without_its_event(self, engine: Engine, drive: Driver) -> None:
        worker = await drive.worker(lease=HOUR)
        claim = await wait(drive, worker, waiting(timeout_at=drive.now + MINUTE))
        drive.now += MINUTE - 1
        trip = await engine.runs.step(worker, (), 1, now=drive.now)
        assert (trip.claims, trip.next_due) == ((), drive.now + 1)
        drive.now += 1
        again = await drive.claim_one(worker)
        (step,) = again.steps
        assert (again.id, again.attempt) == (claim.id, 1)
        assert (step.name, step.kind, step.result, step.event) == ("wait:paid", StepKind.TIMEOUT, b"null", None)
        assert (await publish(drive)).woken == 0

    async def test_a_cancel_ends_the_wait_at_once(self, engine: Engine, drive: Driver) -> None:
        worker = await drive.worker(lease=HOUR)
        claim = await wait(drive, worker, waiting(timeout_at=drive.now + SECOND))
        assert await engine.runs.cancel("default", [claim.id], now=drive.now) == {claim.id: State.CANCELLED}
        assert await engine.steps.waiting("default", claim.id) is None
        drive.now += MINUTE
        await drive.submit()  # it may come to stand where the cancelled one stood
        assert (await publish(drive)).woken == 0
        assert [each.id for each in await drive.claim(worker, 9)] != [claim.id]
        assert (await drive.run(claim.id)).state is State.CANCELLED

    async def test_a_cancel_goes_before_a_wait_that_begins(self, engine: Engine, drive: Driver) -> None:
        worker = await drive.worker(lease=HOUR)
        await drive.submit()
        claim = await drive.claim_one(worker)
        await engine.runs.cancel("default", [claim.id], now=drive.now)
        await drive.settle(worker, claim, waiting())
        assert (await drive.run(claim.id)).state is State.CANCELLED
        assert (await publish(drive)).woken == 0

    async def test_the_same_wait_settled_again_begins_once(self, engine: Engine, drive: Driver) -> None:
        worker = await drive.worker(lease=HOUR)
        claim = await wait(drive, worker, waiting())
        assert await drive.settle(worker, claim, waiting()) == ()
        assert (await publish(drive)).woken == 1
        assert await drive.settle(worker, claim, waiting()) == ()
        again = await drive.claim_one(worker)
        await drive.settle(worker, again, Succeeded())
        assert (await drive.run(claim.id)).state is State.COMPLETED

    async def test_a_key_is_published_once(self, engine: Engine, drive: Driver) -> None:
        first = await publish(drive, {"n": 1}, key="k")
        assert first.admission is Admission.CREATED
        assert await publish(drive, {"n": 1}, key="k") == Published(first.seq, Admission.EXISTING)
        assert (await publish(drive, {"n": 2}, key="k")).admission is Admission.KEY_REUSED
        assert (await publish(drive, {"n": 1}, key="k", domain="theirs")).admission is Admission.CREATED
        assert len(await engine.events.read("default", after=0, limit=9)) == 1

    async def test_events_and_waits_that_race_all_meet(self, opener: Opener) -> None:
        """Whichever comes first, from whichever process: no run is left waiting for an event that was published."""
        async with opener() as first, opener() as second:
            here, there = Driver(first), Driver(second)
            there.now = here.now
            worker = await here.worker(lease=HOUR)
            await here.submit(40)
            claims = await here.claim(worker, 40)
            await asyncio.gather(
                *(here.settle(worker, claim, waiting({"n": n})) for n, claim in enumerate(claims)),
                *(publish(there, {"n": n}) for n in range(40)),
            )
            assert set(await here.states([claim.id for claim in claims])) == {State.READY}
