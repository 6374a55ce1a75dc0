"""Queues: pause, resume and drain, in force at once for every worker and submitter; and what is told of queues."""

from __future__ import annotations

from treadle.domain.instants import MINUTE, SECOND
from treadle.domain.outcomes import Released, Succeeded
from treadle.domain.queues import QueueState
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import RunKey, State
from treadle.engines.contract import Admission, Engine, Topic
from treadle.testing.driver import Driver, firing, interval_schedule, new_run, saving


class TestQueues:
    async def test_a_paused_queue_gives_nothing_out_and_the_others_do(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(3, queue="mail")
        (other,) = await drive.submit(queue="reports")
        assert await engine.queues.switch("default", "mail", QueueState.PAUSED, now=drive.now)
        await drive.submit(queue="mail")
        claims = [await drive.claim(await drive.worker(), 9) for _ in range(2)]
        assert [[claim.id for claim in claimed] for claimed in claims] == [[other], []]

    async def test_a_pause_is_of_one_domain(self, engine: Engine, drive: Driver) -> None:
        (theirs,) = await drive.submit(domain="theirs")
        await engine.queues.switch("default", "default", QueueState.PAUSED, now=drive.now)
        assert [claim.id for claim in await drive.claim(await drive.worker(domain="theirs"), 9)] == [theirs]

    async def test_what_runs_when_its_queue_is_paused_is_settled_as_ever(self, engine: Engine, drive: Driver) -> None:
        first, second = await drive.submit(2)
        worker = await drive.worker()
        claims = await drive.claim(worker, 2)
        await engine.queues.switch("default", "default", QueueState.PAUSED, now=drive.now)
        assert await drive.settle(worker, claims[0], Succeeded()) == ()
        step = await engine.runs.step(worker, [drive.outcome(claims[1], Released(), worker)], 9, now=drive.now)
        assert (step.refused, step.claims, step.next_due) == ((), (), None)
        assert await drive.states([first, second]) == [State.COMPLETED, State.READY]

    async def test_a_resumed_queue_goes_on_where_it_was(self, engine: Engine, drive: Driver) -> None:
        ids = await drive.submit(3)
        worker = await drive.worker()
        await engine.queues.switch("default", "default", QueueState.PAUSED, now=drive.now)
        assert await drive.claim(worker, 9) == ()
        assert await engine.queues.switch("default", "default", QueueState.OPEN, now=drive.now)
        assert [claim.id for claim in await drive.claim(worker, 9)] == ids

    async def test_a_suspect_of_a_paused_queue_keeps_no_worker_waiting(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(queue="mail")
        await drive.claim(await drive.worker())
        drive.now += MINUTE
        await drive.sweep()
        await engine.queues.switch("default", "mail", QueueState.PAUSED, now=drive.now)
        await drive.submit(2)
        worker = await drive.worker()
        assert len(await drive.claim(worker)) == 1
        step = await engine.runs.step(worker, (), 1, now=drive.now)
        assert (len(step.claims), step.solo_waiting) == (1, False)

    async def test_a_draining_queue_takes_nothing_and_works_off_what_it_has(
        self, engine: Engine, drive: Driver
    ) -> None:
        ids = await drive.submit(2)
        await engine.queues.switch("default", "default", QueueState.DRAINING, now=drive.now)
        (refused,) = await engine.runs.enqueue([new_run(drive.now)], now=drive.now)
        assert refused.admission is Admission.QUEUE_DRAINING
        assert await engine.runs.get("default", [refused.run_id]) == []
        worker = await drive.worker()
        assert [claim.id for claim in await drive.claim(worker, 9)] == ids

    async def test_it_is_drained_once_nothing_is_left_in_any_state(self, engine: Engine, drive: Driver) -> None:
        await drive.submit()
        (delayed,) = await drive.submit(delay=MINUTE)
        await engine.queues.switch("default", "default", QueueState.DRAINING, now=drive.now)
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        drained = []
        for end in (None, drive.settle(worker, claim, Succeeded()), engine.runs.cancel("default", [delayed])):
            if end is not None:
                await end
            (queue,) = await engine.queues.find("default")
            drained.append(queue.drained)
        assert drained == [False, False, True]

    async def test_a_refused_run_takes_no_key_and_a_known_key_is_answered(self, engine: Engine, drive: Driver) -> None:
        known, fresh = (RunKey("submit", key, "body", drive.now + MINUTE) for key in ("known", "fresh"))
        (first,) = await drive.submit(key=known)
        await engine.queues.switch("default", "default", QueueState.DRAINING, now=drive.now)
        runs = [new_run(drive.now, key=known), new_run(drive.now, key=fresh), new_run(drive.now, queue="open")]
        answers = await engine.runs.enqueue(runs, now=drive.now)
        assert [answer.admission for answer in answers] == [
            Admission.EXISTING,
            Admission.QUEUE_DRAINING,
            Admission.CREATED,
        ]
        assert answers[0].run_id == first
        await engine.queues.switch("default", "default", QueueState.OPEN, now=drive.now)
        (again,) = await engine.runs.enqueue([new_run(drive.now, key=fresh)], now=drive.now)
        assert again.admission is Admission.CREATED

    async def test_a_slot_that_meets_a_draining_queue_does_not_fire(self, engine: Engine, drive: Driver) -> None:
        schedule = interval_schedule(drive.now, every=SECOND)
        await engine.documents.save(saving(drive.now, schedule))
        await engine.queues.switch("default", "default", QueueState.DRAINING, now=drive.now)
        drive.now += SECOND
        assert await engine.schedules.fire([firing(schedule, drive.now)], now=drive.now) == [False]
        (still,) = await engine.schedules.get("default", [schedule.id])
        assert still.next_at == schedule.next_at
        passed_over = firing(schedule, drive.now, draining=True)
        assert await engine.schedules.fire([passed_over], now=drive.now) == [True]
        assert await engine.runs.counts("default") == {}

    async def test_each_change_is_told_once(self, engine: Engine, drive: Driver) -> None:
        changes = [QueueState.OPEN, QueueState.PAUSED, QueueState.PAUSED, QueueState.DRAINING, QueueState.OPEN]
        changed = [await engine.queues.switch("default", "mail", state, now=drive.now) for state in changes]
        assert changed == [False, True, False, True, True]
        events = await engine.events.read("default", after=0, limit=9, types=["queue."])
        assert [(event.type, event.subject, event.n) for event in events] == [
            ("queue.paused", "mail", 0),
            ("queue.draining", "mail", 0),
            ("queue.resumed", "mail", 0),
        ]

    async def test_a_change_wakes_who_waits_for_runs(self, engine: Engine, drive: Driver) -> None:
        notices = engine.listen(Topic.RUNS)
        try:
            await engine.queues.switch("default", "mail", QueueState.PAUSED, now=drive.now)
            assert await notices.wait(5) == {Topic.RUNS}
        finally:
            await notices.close()

    async def test_queues_are_there_by_use_or_by_what_they_were_told(self, engine: Engine, drive: Driver) -> None:
        assert await engine.queues.find("default") == []
        await drive.submit(queue="b")
        await drive.submit(queue="b", requires="shell")
        await drive.submit(queue="theirs", domain="theirs")
        await engine.queues.switch("default", "a", QueueState.PAUSED, now=drive.now)
        await engine.queues.switch("default", "c", QueueState.OPEN, now=drive.now)
        assert [queue.name for queue in await engine.queues.find("default")] == ["a", "b"]
        assert [queue.name for queue in await engine.queues.find("default", after="a")] == ["b"]
        assert [queue.name for queue in await engine.queues.find("default", limit=1)] == ["a"]
        assert [queue.name for queue in await engine.queues.find("default", names=["b", "nope"])] == ["b"]
        told = await engine.queues.controls("default", ["a", "nope"])
        assert {name: control.state for name, control in told.items()} == {"a": QueueState.PAUSED}

    async def test_runs_are_counted_by_state_and_the_longest_wait_is_told(self, engine: Engine, drive: Driver) -> None:
        begun = drive.now
        await drive.submit(2, queue="mail")
        drive.now += SECOND
        await drive.submit(queue="mail", requires="shell")
        await drive.submit(3, queue="mail", delay=MINUTE)
        await drive.submit(queue="mail", state=State.BLOCKED, reason=Reason(ReasonCode.EVENT, "paid"))
        await drive.submit(queue="other")
        await drive.claim(await drive.worker(queues=("mail",)))
        (queue,) = await engine.queues.find("default", names=["mail"])
        assert (queue.ready, queue.scheduled, queue.blocked, queue.running) == (2, 3, 1, 1)
        assert queue.oldest_due_at == begun
        await drive.claim(await drive.worker(queues=("mail",)))
        (queue,) = await engine.queues.find("default", names=["mail"])
        assert queue.oldest_due_at == drive.now
