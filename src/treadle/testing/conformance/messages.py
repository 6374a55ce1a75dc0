"""The inbox: messages are taken under the fence of a run and settled with it, each to be processed once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Final

import pytest
from msgspec.structs import replace

from treadle.domain.errors import KeyReused
from treadle.domain.instants import HOUR, MINUTE, SECOND
from treadle.domain.messages import (
    RECEIVED_EVENT,
    SET_ASIDE_EVENT,
    Intake,
    Judgement,
    MessageState,
    Verdict,
)
from treadle.domain.outcomes import (
    Cancelled,
    Failed,
    Lost,
    Outcome,
    Released,
    RunError,
    Skipped,
    Snoozed,
    Succeeded,
    Waiting,
)
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import Claim, RunKey, State
from treadle.domain.workers import LEASE
from treadle.engines.contract import Admission, Engine, MessageQuery, Received
from treadle.testing.conformance.opening import Opener
from treadle.testing.conformance.processes import drivers
from treadle.testing.driver import BOOM, Driver, new_message, new_run, saving

PENDING, LEASED, PROCESSED, POISON = MessageState
SPARING: Final[list[Outcome]] = [Released(), Snoozed(0), Waiting(Reason(ReasonCode.EVENT, "paid"))]
SPENDING: Final[list[Outcome]] = [BOOM, Skipped("none"), Cancelled(), Lost(solitary=True)]


async def holder(drive: Driver, worker: str | None = None) -> Claim:
    """A run that is running."""
    await drive.submit()
    return await drive.claim_one(worker or await drive.worker(lease=HOUR))


async def end(drive: Driver, claim: Claim, outcome: Outcome, *verdicts: Verdict) -> tuple[str, ...]:
    """Settle a run, with what its handler said of messages."""
    done = replace(drive.outcome(claim, outcome, None), verdicts=verdicts)
    return await drive.engine.runs.settle([done], now=drive.now)


class TestInbox:
    async def test_a_message_is_read_as_it_was_put(self, engine: Engine, drive: Driver) -> None:
        new = new_message(drive.now, key="customer-7", payload=b'{"to":"ops"}')
        assert await engine.messages.put([new], now=drive.now) == [Received(new.id, Admission.CREATED)]
        message = await drive.message(new.id)
        assert (message.type, message.key, message.payload) == ("mail", "customer-7", b'{"to":"ops"}')
        assert (message.state, message.attempts, message.created_at) == (PENDING, 0, drive.now)
        assert (message.error, message.run_id, message.token, message.settled_at) == (None, None, None, None)
        assert await engine.messages.get("theirs", [new.id]) == []

    async def test_what_is_put_together_is_one_event(self, engine: Engine, drive: Driver) -> None:
        ids = await drive.put(3)
        (event,) = await engine.events.read("default", after=0, limit=9)
        assert (event.type, event.subject, event.n, event.data) == (RECEIVED_EVENT, ids[0], 0, b'{"types":{"mail":3}}')

    async def test_a_batch_is_taken_in_order_and_no_further_than_its_size(self, drive: Driver) -> None:
        ids = await drive.put(5)
        await drive.put(2, type="other")
        first, second = await holder(drive), await holder(drive)
        assert await drive.take(first, batch_size=2) == ids[:2]
        assert await drive.take(second, batch_size=9) == ids[2:]
        message = await drive.message(ids[0])
        assert (message.state, message.run_id, message.token) == (LEASED, first.id, first.token)

    async def test_a_run_that_asks_again_gets_the_batch_that_it_has(self, drive: Driver) -> None:
        ids = await drive.put(3)
        claim = await holder(drive)
        assert await drive.take(claim, batch_size=2) == ids[:2]
        assert await drive.take(claim, batch_size=2) == ids[:2]

    async def test_a_run_takes_only_in_its_domain(self, drive: Driver) -> None:
        await drive.put(domain="theirs")
        assert await drive.take(await holder(drive)) == []

    async def test_success_processes_the_batch(self, drive: Driver) -> None:
        ids = await drive.put(2)
        claim = await holder(drive)
        await drive.take(claim)
        drive.now += SECOND
        assert await end(drive, claim, Succeeded()) == ()
        for message in [await drive.message(message_id) for message_id in ids]:
            assert (message.state, message.attempts, message.settled_at) == (PROCESSED, 1, drive.now)
            assert message.run_id == claim.id
        assert await drive.take(await holder(drive)) == []

    async def test_a_settle_that_comes_twice_processes_once(self, drive: Driver) -> None:
        (message_id,) = await drive.put()
        claim = await holder(drive)
        await drive.take(claim)
        await end(drive, claim, Succeeded())
        before = await drive.message(message_id)
        drive.now += SECOND
        assert await end(drive, claim, Succeeded()) == ()
        assert await end(drive, claim, BOOM) == (claim.id,)
        assert await drive.message(message_id) == before

    @pytest.mark.parametrize("outcome", SPENDING, ids=lambda outcome: type(outcome).__name__)
    async def test_a_try_that_came_to_nothing_is_counted(self, drive: Driver, outcome: Outcome) -> None:
        (message_id,) = await drive.put()
        claim = await holder(drive)
        await drive.take(claim)
        told = drive.outcome(claim, outcome, None)
        await drive.engine.runs.settle([told], now=drive.now)
        message = await drive.message(message_id)
        assert (message.state, message.attempts, message.error) == (PENDING, 1, told.error)

    @pytest.mark.parametrize("outcome", SPARING, ids=lambda outcome: type(outcome).__name__)
    async def test_a_try_that_was_broken_off_is_not(self, drive: Driver, outcome: Outcome) -> None:
        (message_id,) = await drive.put()
        claim = await holder(drive)
        await drive.take(claim)
        await end(drive, claim, outcome)
        message = await drive.message(message_id)
        assert (message.state, message.attempts, message.error) == (PENDING, 0, None)

    async def test_an_accepted_cancel_that_takes_the_place_of_a_release_counts(self, drive: Driver) -> None:
        (message_id,) = await drive.put()
        claim = await holder(drive)
        await drive.take(claim)
        await drive.engine.runs.cancel("default", [claim.id], now=drive.now)
        await end(drive, claim, Released())
        assert (await drive.message(message_id)).attempts == 1

    async def test_what_comes_back_is_in_its_old_place_and_taken_alone(self, drive: Driver) -> None:
        ids = await drive.put(3)
        claim = await holder(drive)
        assert await drive.take(claim, batch_size=2) == ids[:2]
        await end(drive, claim, BOOM)
        for message_id in ids:
            claim = await holder(drive)
            assert await drive.take(claim) == [message_id]
            await end(drive, claim, Succeeded())

    async def test_poison_is_set_aside_after_its_attempts(self, engine: Engine, drive: Driver) -> None:
        first, second = await drive.put(2)
        for attempt in (1, 2):
            claim = await holder(drive)
            assert await drive.take(claim, batch_size=1, max_attempts=2) == [first]
            await end(drive, claim, Failed(RunError("exception", "boom", traceback="long"), retry=False))
            assert (await drive.message(first)).attempts == attempt
        message = await drive.message(first)
        assert (message.state, message.settled_at, message.error) == (POISON, drive.now, RunError("exception", "boom"))
        told = await engine.events.read("default", after=0, limit=99, types=[SET_ASIDE_EVENT])
        assert [event.subject for event in told] == [first]
        assert await drive.take(await holder(drive)) == [second]

    async def test_what_the_handler_said_of_a_message_stands_whatever_becomes_of_the_run(self, drive: Driver) -> None:
        for outcome in (Succeeded(), BOOM, Released()):
            done, failed, back = await drive.put(3)
            claim = await holder(drive)
            await drive.take(claim)
            error = RunError("message", "no such address")
            said = [Verdict(done, Judgement.DONE), Verdict(failed, Judgement.FAILED, error)]
            await end(drive, claim, outcome, *said, Verdict(back, Judgement.BACK))
            messages = [await drive.message(message_id) for message_id in (done, failed, back)]
            assert [(each.state, each.attempts) for each in messages] == [(PROCESSED, 1), (PENDING, 1), (PENDING, 0)]
            assert messages[1].error == error
            await drive.engine.messages.discard("default", [failed, back])

    async def test_nobody_can_speak_of_messages_that_others_have(self, drive: Driver) -> None:
        mine, theirs = await drive.put(2)
        claim, other = await holder(drive), await holder(drive)
        assert (await drive.take(claim, batch_size=1), await drive.take(other)) == ([mine], [theirs])
        await end(drive, claim, Succeeded(), Verdict(theirs, Judgement.DONE))
        assert await drive.inbox() == {PROCESSED: [mine], LEASED: [theirs]}

    async def test_nor_where_both_are_settled_together(self, engine: Engine, drive: Driver) -> None:
        mine, theirs = await drive.put(2)
        claim, other = await holder(drive), await holder(drive)
        assert (await drive.take(claim, batch_size=1), await drive.take(other)) == ([mine], [theirs])
        said = replace(drive.outcome(claim, Succeeded(), None), verdicts=(Verdict(theirs, Judgement.DONE),))
        await engine.runs.settle([said, drive.outcome(other, BOOM, None)], now=drive.now)
        assert await drive.inbox() == {PROCESSED: [mine], PENDING: [theirs]}

    async def test_of_two_ends_in_one_batch_the_first_counts(self, engine: Engine, drive: Driver) -> None:
        (message_id,) = await drive.put()
        claim = await holder(drive)
        await drive.take(claim)
        ends = [drive.outcome(claim, BOOM, None), drive.outcome(claim, Succeeded(), None)]
        ends[1] = replace(ends[1], verdicts=(Verdict(message_id, Judgement.DONE),))
        await engine.runs.settle(ends, now=drive.now)
        message = await drive.message(message_id)
        assert (message.state, message.error) == (PENDING, BOOM.error)

    async def test_a_stale_run_takes_and_settles_nothing(self, drive: Driver) -> None:
        (message_id,) = await drive.put()
        worker = await drive.worker(lease=HOUR)
        stale = await holder(drive, worker)
        await drive.take(stale)
        await end(drive, stale, Released())
        assert await drive.take(stale) == []
        claim = await drive.claim_one(worker)
        assert await drive.take(stale) == []
        assert await drive.take(claim) == [message_id]
        assert await end(drive, stale, Succeeded()) == (stale.id,)
        assert await drive.inbox() == {LEASED: [message_id]}
        await end(drive, claim, Succeeded())
        assert await drive.take(claim) == []

    async def test_what_a_lost_worker_had_comes_back_with_its_run(self, drive: Driver) -> None:
        ids = await drive.put(2)
        claim = await holder(drive, await drive.worker())
        await drive.take(claim)
        drive.now += LEASE
        assert await drive.inbox() == {LEASED: ids}
        await drive.sweep()
        assert await drive.inbox() == {PENDING: ids}
        assert [(await drive.message(message_id)).attempts for message_id in ids] == [1, 1]

    async def test_order_is_kept_per_key(self, drive: Driver) -> None:
        puts = [(await drive.put(key=key))[0] for key in ("a", "b", "a", "", "c")]
        first, second, third = [await holder(drive) for _ in range(3)]
        assert await drive.take(first, preserve_order=True, batch_size=1) == puts[:1]
        assert await drive.take(second, preserve_order=True, batch_size=2) == [puts[1], puts[3]]
        assert await drive.take(third, preserve_order=True) == puts[4:]
        await end(drive, first, BOOM)
        fourth = await holder(drive)
        assert await drive.take(fourth, preserve_order=True) == puts[:1]
        assert await drive.take(await holder(drive), preserve_order=True) == []
        await end(drive, fourth, Succeeded())
        assert await drive.take(await holder(drive), preserve_order=True) == [puts[2]]

    async def test_poison_holds_its_key_up_no_longer(self, drive: Driver) -> None:
        first, second = await drive.put(2, key="a")
        claim = await holder(drive)
        await drive.take(claim, preserve_order=True, batch_size=1, max_attempts=1)
        await end(drive, claim, BOOM)
        claim = await holder(drive)
        assert await drive.take(claim, preserve_order=True) == [second]
        assert await drive.engine.messages.retry("default", [first]) == {first}
        assert await drive.take(await holder(drive), preserve_order=True) == []

    async def test_poison_is_tried_again_from_its_old_place_with_all_its_attempts(self, drive: Driver) -> None:
        first, second = await drive.put(2)
        claim = await holder(drive)
        await drive.take(claim, batch_size=1, max_attempts=1)
        await end(drive, claim, BOOM)
        assert await drive.engine.messages.retry("theirs", [first]) == frozenset()
        assert await drive.engine.messages.retry("default", [first, second, "msg_0"]) == {first}
        message = await drive.message(first)
        assert (message.state, message.attempts, message.error, message.settled_at) == (PENDING, 0, None, None)
        assert await drive.take(await holder(drive)) == [first, second]

    async def test_only_what_nobody_has_and_nobody_processed_is_discarded(self, drive: Driver) -> None:
        processed, leased, pending = await drive.put(3)
        for wanted, outcome in ((processed, Succeeded()), (leased, None)):
            claim = await holder(drive)
            assert await drive.take(claim, batch_size=1) == [wanted]
            if outcome:
                await end(drive, claim, outcome)
        ids = [processed, leased, pending, "msg_0"]
        assert await drive.engine.messages.discard("theirs", ids) == frozenset()
        assert await drive.engine.messages.discard("default", ids) == {pending}
        assert await drive.inbox() == {PROCESSED: [processed], LEASED: [leased]}

    async def test_a_key_names_one_message_until_it_expires(self, engine: Engine, drive: Driver) -> None:
        once = RunKey("message", "k", "a", drive.now + MINUTE)
        (first,) = await drive.put(once=once)
        again = [new_message(drive.now, once=once), new_message(drive.now)]
        answers = await engine.messages.put(again, now=drive.now)
        assert answers == [Received(first, Admission.EXISTING), Received(again[1].id, Admission.CREATED)]
        drive.now += MINUTE
        assert await drive.put(once=once) != [first]

    async def test_of_a_batch_with_a_key_of_another_message_nothing_is_stored(
        self, engine: Engine, drive: Driver
    ) -> None:
        once = RunKey("message", "k", "a", drive.now + MINUTE)
        (first,) = await drive.put(once=once)
        other = new_message(drive.now, once=RunKey("message", "l", "a", drive.now + MINUTE))
        clash = new_message(drive.now, once=RunKey("message", "k", "b", drive.now + MINUTE))
        with pytest.raises(KeyReused):
            await engine.messages.put([other, clash], now=drive.now)
        assert await drive.inbox() == {PENDING: [first]}
        assert await engine.messages.put([other], now=drive.now) == [Received(other.id, Admission.CREATED)]

    async def test_pages_are_filtered_and_newest_first(self, engine: Engine, drive: Driver) -> None:
        ids = await drive.put(3) + await drive.put(2, type="sms") + await drive.put(1, type="push")
        await drive.take(await holder(drive), batch_size=1)

        async def page(**asked: object) -> list[str]:
            found = await engine.messages.find(MessageQuery(**{"domain": "default", "limit": 9, **asked}))  # type: ignore[arg-type]
            return [message.id for message in found]

        assert await page() == ids[::-1]
        assert await page(limit=2) == ids[:-3:-1]
        assert await page(before=ids[2]) == ids[1::-1]
        assert await page(types=("sms", "push")) == ids[:2:-1]
        assert await page(states=(LEASED,)) == ids[:1]
        assert await page(states=(PENDING, POISON), types=("mail",)) == ids[2:0:-1]
        assert await page(domain="theirs") == []

    async def test_what_was_settled_long_ago_is_removed(self, engine: Engine, drive: Driver) -> None:
        processed, pending = await drive.put(2)
        claim = await holder(drive)
        await drive.take(claim, batch_size=1)
        await end(drive, claim, Succeeded())
        assert await engine.messages.prune(drive.now, 9) == 0
        assert await engine.messages.prune(drive.now + 1, 9) == 1
        assert await engine.messages.get("default", [processed, pending]) == [await drive.message(pending)]


class TestConsumers:
    """Definitions whose runs are started where messages wait."""

    async def test_a_consumer_is_awaited_while_messages_wait_and_none_of_its_runs_is_live(
        self, engine: Engine, drive: Driver
    ) -> None:
        await engine.documents.save(saving(drive.now, consumes="mail"))
        assert await engine.messages.awaited(9) == []
        await drive.put(2)
        (consumer,) = await engine.messages.awaited(9)
        assert (consumer.domain, consumer.job_id, consumer.type) == ("default", "job_report", "mail")
        claim = await holder(drive)
        assert await engine.messages.awaited(9) == []
        await drive.take(claim, batch_size=1)
        await end(drive, claim, Succeeded())
        assert await engine.messages.awaited(9) == [consumer]
        claim = await holder(drive)
        await drive.take(claim, batch_size=1)
        await end(drive, claim, Succeeded())
        assert await engine.messages.awaited(9) == []

    async def test_only_one_run_is_started(self, engine: Engine, drive: Driver) -> None:
        await engine.documents.save(saving(drive.now, consumes="mail"))
        assert await engine.messages.start([new_run(drive.now)], now=drive.now) == [False]
        await drive.put()
        runs = [new_run(drive.now) for _ in range(2)]
        assert await engine.messages.start(runs, now=drive.now) == [True, False]
        assert await engine.runs.counts("default") == {State.READY: 1}
        assert await engine.messages.start([new_run(drive.now, job_id="job_other")], now=drive.now) == [False]

    async def test_a_definition_that_consumes_no_more_is_not_awaited(self, engine: Engine, drive: Driver) -> None:
        await drive.put()
        for gone in (saving(drive.now), None):
            await engine.documents.save(saving(drive.now, consumes="mail"))
            assert len(await engine.messages.awaited(9)) == 1
            await (
                engine.documents.delete("default", "job", "job_report") if gone is None else engine.documents.save(gone)
            )
            assert await engine.messages.awaited(9) == []


class TestInboxOfProcesses:
    async def test_no_two_runs_get_the_same_message(self, opener: Opener) -> None:
        async with AsyncExitStack() as stack:
            all_of_them = await drivers(stack, opener)
            ids = await all_of_them[0].put(40, key="a") + await all_of_them[0].put(40)
            claims = [await holder(drive) for drive in all_of_them for _ in range(5)]
            takers = [drive for drive in all_of_them for _ in range(5)]
            batches = await asyncio.gather(
                *(drive.take(claim, batch_size=7) for drive, claim in zip(takers, claims, strict=True))
            )
            taken = [message_id for batch in batches for message_id in batch]
            assert sorted(taken) == sorted(ids)

    async def test_one_run_at_a_time_has_messages_of_a_key(self, opener: Opener) -> None:
        async with AsyncExitStack() as stack:
            all_of_them = await drivers(stack, opener)
            first = all_of_them[0]
            await first.put(20, key="a")
            intake = Intake(type="mail", batch_size=3, preserve_order=True)
            claims = [await holder(drive) for drive in all_of_them]
            batches = await asyncio.gather(
                *(drive.engine.messages.take(claim, intake) for drive, claim in zip(all_of_them, claims, strict=True))
            )
            assert sorted(len(batch) for batch in batches) == [0, 0, 3]

    async def test_one_run_is_started_however_many_schedulers_try(self, opener: Opener) -> None:
        async with AsyncExitStack() as stack:
            all_of_them = await drivers(stack, opener)
            first = all_of_them[0]
            await first.engine.documents.save(saving(first.now, consumes="mail"))
            await first.put()
            answers = await asyncio.gather(
                *(drive.engine.messages.start([new_run(drive.now)], now=drive.now) for drive in all_of_them)
            )
            assert sorted(started for (started,) in answers) == [False, False, True]
