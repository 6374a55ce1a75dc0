"""Clashes: one run per unique key while it stands, and submits that go into a run which waits."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec.structs import replace

from treadle.domain.clashes import Debounce, OnClash, Unique
from treadle.domain.instants import MINUTE, SECOND, Instant
from treadle.domain.limits import Limits
from treadle.domain.outcomes import Snoozed, Succeeded
from treadle.domain.priority import Priority, rank
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import NewRun, RunKey, State
from treadle.engines.contract import Accepted, Admission, Engine
from treadle.testing.driver import BOOM, Driver, new_run


def unique_run(now: Instant, until: Any = "finished", on_clash: OnClash = OnClash.SKIP, **fields: Any) -> NewRun:
    """A run whose unique key is `k`, unless `key_text` says otherwise."""
    unique = Unique(key=fields.pop("key_text", "k"), until=until, on_clash=on_clash)
    return new_run(now, limits=Limits(unique=unique), **fields)


async def submit(drive: Driver, *rule: Any, **fields: Any) -> Accepted:
    """Submit a unique run."""
    (accepted,) = await drive.engine.runs.enqueue([unique_run(drive.now, *rule, **fields)], now=drive.now)
    return accepted


class TestUnique:
    async def test_a_submit_with_a_key_that_stands_is_answered_the_run_that_has_it(
        self, engine: Engine, drive: Driver
    ) -> None:
        first, again = await submit(drive), await submit(drive)
        assert (first.admission, again) == (Admission.CREATED, Accepted(first.run_id, Admission.DUPLICATE))
        assert await engine.runs.counts("default") == {State.READY: 1}
        assert await drive.told(first.run_id) == ["run.queued"]

    async def test_keys_differ_by_their_text_and_domain(self, drive: Driver) -> None:
        answers = [await submit(drive), await submit(drive, key_text="l"), await submit(drive, domain="theirs")]
        assert [answer.admission for answer in answers] == [Admission.CREATED] * 3

    async def test_a_batch_clashes_with_itself(self, engine: Engine, drive: Driver) -> None:
        runs = [unique_run(drive.now) for _ in range(3)]
        answers = await engine.runs.enqueue(runs, now=drive.now)
        assert answers == [
            Accepted(runs[0].id, Admission.CREATED),
            *[Accepted(runs[0].id, Admission.DUPLICATE)] * 2,
        ]

    async def test_a_hundred_submits_at_once_make_one_run(self, engine: Engine, drive: Driver) -> None:
        answers = await asyncio.gather(*(submit(drive) for _ in range(100)))
        assert len({answer.run_id for answer in answers}) == 1
        assert await engine.runs.counts("default") == {State.READY: 1}

    async def test_until_finished_it_stands_through_retries_and_no_longer(self, drive: Driver) -> None:
        first = await submit(drive)
        worker = await drive.worker(lease=9 * MINUTE)
        await drive.settle(worker, await drive.claim_one(worker), BOOM)
        assert await submit(drive) == Accepted(first.run_id, Admission.DUPLICATE)
        drive.now += MINUTE
        claim = await drive.claim_one(worker)
        assert await submit(drive) == Accepted(first.run_id, Admission.DUPLICATE)
        await drive.settle(worker, claim, Succeeded())
        assert (await submit(drive)).admission is Admission.CREATED

    async def test_until_started_it_stands_until_the_first_claim(self, drive: Driver) -> None:
        first = await submit(drive, "started", delay=SECOND)
        assert (await submit(drive, "started")).run_id == first.run_id
        drive.now += SECOND
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        second = await submit(drive, "started")
        assert second.admission is Admission.CREATED
        await drive.settle(worker, claim, Snoozed(SECOND))
        assert (await submit(drive, "started")).run_id == second.run_id

    async def test_a_window_stands_for_its_time_whatever_becomes_of_the_run(self, drive: Driver) -> None:
        first = await submit(drive, 60)
        await drive.engine.runs.cancel("default", [first.run_id], now=drive.now)
        drive.now += MINUTE - 1
        assert await submit(drive, 60) == Accepted(first.run_id, Admission.DUPLICATE)
        drive.now += 1
        assert (await submit(drive, 60)).admission is Admission.CREATED

    async def test_the_window_is_over_even_where_its_run_still_waits(self, drive: Driver) -> None:
        await submit(drive, 60, delay=5 * MINUTE)
        drive.now += MINUTE
        assert (await submit(drive, 60)).admission is Admission.CREATED

    async def test_a_cancelled_run_stands_in_nobodys_way(self, drive: Driver) -> None:
        first = await submit(drive)
        await drive.engine.runs.cancel("default", [first.run_id], now=drive.now)
        assert (await submit(drive)).admission is Admission.CREATED

    async def test_replace_ends_what_waits_and_says_by_whom(self, engine: Engine, drive: Driver) -> None:
        first = await submit(drive)
        second = await submit(drive, "finished", OnClash.REPLACE)
        assert second.admission is Admission.CREATED
        old = await drive.run(first.run_id)
        assert (old.state, old.error and old.error.code) == (State.CANCELLED, "replaced")
        assert old.error is not None
        assert second.run_id in old.error.message
        assert await drive.told(first.run_id) == ["run.queued", "run.cancelled"]
        events = await engine.events.read("default", after=0, limit=9, types=["run.queued"])
        assert first.run_id.encode() in events[-1].data
        assert await submit(drive) == Accepted(second.run_id, Admission.DUPLICATE)

    async def test_replace_leaves_what_has_started_alone(self, drive: Driver) -> None:
        first = await submit(drive)
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        assert await submit(drive, "finished", OnClash.REPLACE) == Accepted(first.run_id, Admission.DUPLICATE)
        await drive.settle(worker, claim, BOOM)
        assert await submit(drive, "finished", OnClash.REPLACE) == Accepted(first.run_id, Admission.DUPLICATE)

    async def test_keep_lets_both_run_and_gives_the_key_to_the_new_one(self, engine: Engine, drive: Driver) -> None:
        first = await submit(drive)
        second = await submit(drive, "finished", OnClash.KEEP)
        assert second.admission is Admission.CREATED
        assert await engine.runs.counts("default") == {State.READY: 2}
        events = await engine.events.read("default", after=0, limit=9, types=["run.queued"])
        assert first.run_id.encode() in events[-1].data
        assert await submit(drive) == Accepted(second.run_id, Admission.DUPLICATE)

    async def test_a_retry_does_not_clash_with_what_it_retries(self, drive: Driver) -> None:
        first = await submit(drive, 60)
        await drive.engine.runs.cancel("default", [first.run_id], now=drive.now)
        again = await submit(drive, 60, retry_of=first.run_id)
        assert again.admission is Admission.CREATED
        assert await submit(drive, 60) == Accepted(again.run_id, Admission.DUPLICATE)

    async def test_an_idempotency_key_names_the_run_that_its_call_was_answered(self, drive: Driver) -> None:
        first = await submit(drive)
        key = RunKey("submit", "k", "a", drive.now + MINUTE)
        assert await submit(drive, key=key) == Accepted(first.run_id, Admission.DUPLICATE)
        await drive.engine.runs.cancel("default", [first.run_id], now=drive.now)
        assert await submit(drive, key=key) == Accepted(first.run_id, Admission.EXISTING)

    async def test_pruning_keeps_the_keys_of_live_runs_and_of_open_windows(self, engine: Engine, drive: Driver) -> None:
        live, window = await submit(drive), await submit(drive, 3600, key_text="w")
        await engine.runs.cancel("default", [window.run_id], now=drive.now)
        drive.now += MINUTE
        assert await engine.runs.prune(drive.now, 9) == 1
        assert await submit(drive) == Accepted(live.run_id, Admission.DUPLICATE)
        assert await submit(drive, 3600, key_text="w") == Accepted(window.run_id, Admission.DUPLICATE)


def debounced_run(now: Instant, wait: float = 10, most: float | None = None, **fields: Any) -> NewRun:
    """A run that waits for more submits with the key `k`."""
    debounce = Debounce(wait_sec=wait, max_wait_sec=most, key=fields.pop("key_text", "k"))
    new = new_run(now, delay=debounce.due_at(now, now) - now, debounce=debounce, **fields)
    return replace(new, reason=Reason(ReasonCode.DEBOUNCE))


class TestDebounce:
    async def test_a_submit_goes_into_the_run_that_waits(self, engine: Engine, drive: Driver) -> None:
        begun = drive.now
        (first,) = await engine.runs.enqueue([debounced_run(begun, inputs=b'{"n":1}')], now=begun)
        drive.now += 4 * SECOND
        later = debounced_run(drive.now, inputs=b'{"n":2}', priority=Priority.HIGH, job_version=2, queue="reports")
        (second,) = await engine.runs.enqueue([later], now=drive.now)
        assert second == Accepted(first.run_id, Admission.DEBOUNCED)
        run = await drive.run(first.run_id)
        due_at = drive.now + 10 * SECOND
        assert (run.inputs, run.priority, run.job_version, run.queue) == (b'{"n":2}', Priority.HIGH, 2, "reports")
        assert (run.state, run.reason) == (State.SCHEDULED, Reason(ReasonCode.DEBOUNCE))
        assert (run.due_at, run.rank, run.created_at) == (due_at, rank(due_at, Priority.HIGH), begun)
        assert await drive.told(first.run_id) == ["run.queued", "run.debounced"]
        assert await engine.runs.counts("default") == {State.SCHEDULED: 1}

    async def test_it_runs_once_as_the_last_submit_says(self, engine: Engine, drive: Driver) -> None:
        for number in range(5):
            await engine.runs.enqueue([debounced_run(drive.now, inputs=b"%d" % number)], now=drive.now)
            drive.now += 9 * SECOND
        worker = await drive.worker()
        assert await drive.claim(worker) == ()
        drive.now += SECOND
        assert [claim.inputs for claim in await drive.claim(worker, 9)] == [b"4"]

    async def test_it_waits_no_longer_than_its_most_after_the_first(self, engine: Engine, drive: Driver) -> None:
        begun = drive.now
        for _ in range(4):
            (answer,) = await engine.runs.enqueue([debounced_run(drive.now, 10, 25)], now=drive.now)
            drive.now += 8 * SECOND
        assert (await drive.run(answer.run_id)).due_at == begun + 25 * SECOND

    async def test_what_is_due_or_has_begun_takes_no_more(self, engine: Engine, drive: Driver) -> None:
        (first,) = await engine.runs.enqueue([debounced_run(drive.now)], now=drive.now)
        drive.now += 10 * SECOND
        (second,) = await engine.runs.enqueue([debounced_run(drive.now)], now=drive.now)
        assert second.admission is Admission.CREATED
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        assert claim.id == first.run_id
        await drive.settle(worker, claim, BOOM)
        (third,) = await engine.runs.enqueue([debounced_run(drive.now)], now=drive.now)
        assert third == Accepted(second.run_id, Admission.DEBOUNCED)

    async def test_a_cancelled_run_takes_no_more(self, engine: Engine, drive: Driver) -> None:
        (first,) = await engine.runs.enqueue([debounced_run(drive.now)], now=drive.now)
        await engine.runs.cancel("default", [first.run_id], now=drive.now)
        (second,) = await engine.runs.enqueue([debounced_run(drive.now)], now=drive.now)
        assert second.admission is Admission.CREATED

    async def test_keys_differ_by_their_text_and_domain(self, engine: Engine, drive: Driver) -> None:
        runs = [
            debounced_run(drive.now),
            debounced_run(drive.now, key_text="l"),
            debounced_run(drive.now, domain="theirs"),
        ]
        answers = await engine.runs.enqueue(runs, now=drive.now)
        assert [answer.admission for answer in answers] == [Admission.CREATED] * 3
