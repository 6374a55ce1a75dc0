"""Durable steps with real workers: what was done is not done again, and who waits holds nobody up."""

from __future__ import annotations

import psutil
import pytest

from tests.support.workers import Lab, Site, result
from treadle.domain.publishing import user_event
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import DEFAULT_DOMAIN, State

STEPPING = ["steps", "steps.sync", "steps.apart", "steps.apart.sync"]
ORDERS = ["order", "order.sync", "order.apart", "order.apart.sync"]


def ledger(site: Site, run_id: str) -> list[str]:
    """What the run has done in the outside world, each time that it did."""
    return (site.gates / f"{run_id}.ledger").read_text().splitlines()


async def publish(lab: Lab, number: int) -> int:
    """Say that an order was paid; answers how many runs that woke."""
    event = user_event("paid", {"order": number}, domain=DEFAULT_DOMAIN, source="test", at=lab.engine.now())
    return (await lab.engine.events.publish(event)).woken


@pytest.mark.parametrize("type_", STEPPING)
async def test_steps_done_before_a_kill_are_not_done_again(lab: Lab, site: Site, type_: str) -> None:
    with site.worker():
        run_id = await lab.submit(type_)
        word = await lab.told(run_id)
        psutil.Process(word.pid).kill()
        await lab.told(run_id, attempt=2)
        site.open_gate(run_id)
        run = await lab.finished(run_id)
    assert (result(run), run.losses) == (["first", "second", "third"], 1)
    assert ledger(site, run_id) == ["first", "second", "third"]
    recorded = await lab.engine.steps.find(DEFAULT_DOMAIN, run_id)
    assert [(step.name, step.token) for step in recorded] == [("first", 1), ("second", 1), ("second#2", 2)]


async def test_steps_outlast_their_worker(lab: Lab, site: Site) -> None:
    with site.worker() as first:
        run_id = await lab.submit("steps")
        await lab.told(run_id)
        first.kill_tree()
    site.open_gate(run_id)
    async with lab.sweeping():
        with site.worker():
            run = await lab.finished(run_id)
    assert (result(run), run.losses) == (["first", "second", "third"], 1)
    assert ledger(site, run_id) == ["first", "second", "third"]


@pytest.mark.parametrize("type_", ["sleepy", "sleepy.sync", "sleepy.apart"])
async def test_a_sleep_gives_the_only_slot_back(lab: Lab, site: Site, type_: str) -> None:
    with site.worker(concurrency=1):
        run_id = await lab.submit(type_, inputs={"seconds": 1.5})
        asleep = await lab.until(run_id, lambda run: run.state is State.SCHEDULED)
        assert asleep.reason == Reason(ReasonCode.SLEEP, "sleep")
        other = await lab.finished(await lab.submit("echo", inputs={"value": 1}))
        run = await lab.finished(run_id)
    assert result(run) == ["before", "after", 1]
    assert ledger(site, run_id) == ["before", "after"]
    assert (run.failures, run.losses, run.token) == (0, 0, 2)
    assert other.finished_at is not None
    assert run.finished_at is not None
    assert other.finished_at < run.finished_at
    assert run.finished_at >= asleep.due_at
    assert "run.snoozed" in await lab.events(run_id)


async def test_a_sleep_goes_on_while_no_worker_is_there(lab: Lab, site: Site) -> None:
    with site.worker() as first:
        run_id = await lab.submit("sleepy", inputs={"seconds": 1})
        asleep = await lab.until(run_id, lambda run: run.state is State.SCHEDULED)
        first.kill_tree()
    with site.worker():
        run = await lab.finished(run_id)
    assert ledger(site, run_id) == ["before", "after"]
    assert (result(run), run.losses) == (["before", "after", 1], 0)
    assert run.finished_at is not None
    assert run.finished_at >= asleep.due_at


@pytest.mark.parametrize("type_", ORDERS)
async def test_a_wait_gives_the_only_slot_back_until_its_event_comes(lab: Lab, site: Site, type_: str) -> None:
    with site.worker(concurrency=1):
        run_id = await lab.submit(type_, inputs={"number": 17})
        waiting = await lab.until(run_id, lambda run: run.state is State.BLOCKED)
        assert waiting.reason == Reason(ReasonCode.EVENT, "paid")
        assert result(await lab.finished(await lab.submit("echo", inputs={"value": 1}))) == 1
        assert await publish(lab, 18) == 0
        assert await publish(lab, 17) == 1
        run = await lab.finished(run_id)
    assert (result(run), run.attempt) == ({"order": 17}, 1)
    assert ledger(site, run_id) == ["send"]


@pytest.mark.parametrize("type_", ORDERS)
async def test_a_wait_ends_in_time_and_the_handler_can_go_on(steady_lab: Lab, type_: str) -> None:
    run = await steady_lab.finished(await steady_lab.submit(type_, inputs={"number": 1, "patience": 0.3}))
    assert (result(run), run.failures) == ("no event 'paid' wh", 0)
    assert ledger(steady_lab.site, run.id) == ["send", "no event 'paid' wh"]


async def test_an_event_before_the_wait_is_not_missed(lab: Lab, site: Site) -> None:
    run_id = await lab.submit("order", inputs={"number": 17})
    assert await publish(lab, 17) == 0
    with site.worker():
        run = await lab.finished(run_id)
    assert (result(run), run.token) == ({"order": 17}, 1)


@pytest.mark.parametrize("type_", ["shop", "shop.apart"])
async def test_a_handler_publishes_once(steady_lab: Lab, type_: str) -> None:
    waiting = await steady_lab.submit("order", inputs={"number": 40 + len(type_)})
    await steady_lab.until(waiting, lambda run: run.state is State.BLOCKED)
    shop = await steady_lab.submit(type_, inputs={"number": 40 + len(type_)})
    assert result(await steady_lab.finished(waiting)) == {"order": 40 + len(type_), "by": "card"}
    assert result(await steady_lab.finished(shop)) == "open"
    events = await steady_lab.engine.events.read(DEFAULT_DOMAIN, after=0, limit=100_000, types=["user.paid"])
    assert len([event for event in events if event.subject == shop]) == 1


async def test_a_cancel_while_it_waits_or_sleeps_ends_the_run_at_once(steady_lab: Lab) -> None:
    waiting = await steady_lab.submit("order", inputs={"number": 1000})
    asleep = await steady_lab.submit("sleepy", inputs={"seconds": 600})
    await steady_lab.until(waiting, lambda run: run.state is State.BLOCKED)
    await steady_lab.until(asleep, lambda run: run.state is State.SCHEDULED)
    await steady_lab.cancel(waiting, asleep)
    assert [(await steady_lab.read(run_id)).state for run_id in (waiting, asleep)] == [State.CANCELLED] * 2
    assert await publish(steady_lab, 1000) == 0


@pytest.mark.parametrize(
    ("what", "said"), [("large", "step 'large' returned 300002 bytes"), ("object", "cannot be written as JSON")]
)
async def test_what_cannot_be_kept_fails_the_run_and_says_which_step(steady_lab: Lab, what: str, said: str) -> None:
    run = await steady_lab.finished(await steady_lab.submit("unkeepable", inputs={"what": what}))
    assert run.error is not None
    assert said in run.error.message
    assert (run.state, run.failures) == (State.FAILED, 1)
    assert await steady_lab.engine.steps.find(DEFAULT_DOMAIN, run.id) == []


async def test_a_handler_that_holds_on_to_its_place_sleeps_all_the_same(steady_lab: Lab) -> None:
    run = await steady_lab.finished(await steady_lab.submit("holds.on"))
    assert (result(run), run.token) == ("through", 2)
