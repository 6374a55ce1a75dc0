"""Dependencies: a run waits for its parents, and how these end decides what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from treadle.domain.conditions import Condition
from treadle.domain.dependencies import Depends, Join, OnParentFailure
from treadle.domain.instants import DAY, HOUR, MINUTE, SECOND
from treadle.domain.outcomes import Cancelled, Outcome, Released, Skipped, Succeeded
from treadle.domain.priority import Priority, rank
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import Cause, RunKey, State
from treadle.domain.submitting import repeat_run
from treadle.domain.workers import LEASE
from treadle.engines.contract import Accepted, Admission, Engine
from treadle.testing.driver import BOOM, Driver, new_run, work

GONE = Cancelled("not wanted")
WAITING = State.BLOCKED


async def child_of(drive: Driver, *parents: str, **fields: Any) -> str:
    """A run that waits for others; `fields` are those of `Depends` and of `NewRun`."""
    names = ("join", "on_failure", "conditions")
    depends = Depends(parents=parents, **{name: fields.pop(name) for name in names if name in fields})
    (child,) = await drive.submit(depends=depends, **fields)
    return child


async def end(drive: Driver, run_id: str, outcome: Outcome) -> None:
    """Let a ready run that hopes for no second attempt end so."""
    worker = await drive.worker(slots=99)
    claims = {claim.id: claim for claim in await drive.claim(worker, 99)}
    await drive.settle(worker, claims[run_id], outcome)
    await drive.engine.workers.stop([worker])
    others = [claim for run, claim in claims.items() if run != run_id]
    released = [drive.outcome(claim, Released(), None) for claim in others]
    await drive.engine.runs.settle(released, now=drive.now)


async def parents(drive: Driver, count: int) -> list[str]:
    return await drive.submit(count, work=work(max_retries=0))


class TestDependencies:
    async def test_a_child_waits_until_all_its_parents_have_completed(self, drive: Driver) -> None:
        first, second = await parents(drive, 2)
        child = await child_of(drive, first, second)
        run = await drive.run(child)
        assert (run.state, run.reason) == (WAITING, Reason(ReasonCode.PARENTS))
        drive.now += SECOND
        await end(drive, first, Succeeded())
        assert (await drive.run(child)).state is WAITING
        drive.now += SECOND
        await end(drive, second, Succeeded())
        run = await drive.run(child)
        assert (run.state, run.reason) == (State.READY, None)
        assert await drive.told(child) == ["run.queued"]

    async def test_a_single_parent_is_named_as_the_reason(self, drive: Driver) -> None:
        (parent,) = await parents(drive, 1)
        run = await drive.run(await child_of(drive, parent))
        assert run.reason == Reason(ReasonCode.PARENTS, parent)

    async def test_a_child_is_ranked_by_the_moment_in_which_its_parents_let_it_go(self, drive: Driver) -> None:
        (parent,) = await parents(drive, 1)
        child = await child_of(drive, parent, priority=Priority.HIGH)
        drive.now += HOUR
        await end(drive, parent, Succeeded())
        run = await drive.run(child)
        assert (run.due_at, run.rank) == (drive.now, rank(drive.now, Priority.HIGH))

    async def test_after_its_parents_a_child_waits_for_its_due_time(self, drive: Driver) -> None:
        (parent,) = await parents(drive, 1)
        child = await child_of(drive, parent, delay=MINUTE)
        due_at = drive.now + MINUTE
        assert (await drive.run(child)).state is WAITING
        await end(drive, parent, Succeeded())
        run = await drive.run(child)
        assert (run.state, run.reason, run.due_at) == (State.SCHEDULED, Reason(ReasonCode.DELAY), due_at)

    @pytest.mark.parametrize("outcome", [BOOM, GONE], ids=["failed", "cancelled"])
    @pytest.mark.parametrize(
        ("on_failure", "becomes"),
        [
            (OnParentFailure.CANCEL, State.CANCELLED),
            (OnParentFailure.RUN, State.READY),
            (OnParentFailure.WAIT, WAITING),
        ],
    )
    async def test_what_a_failed_parent_means_is_declared(
        self, drive: Driver, outcome: Outcome, on_failure: OnParentFailure, becomes: State
    ) -> None:
        first, second = await parents(drive, 2)
        child = await child_of(drive, first, second, on_failure=on_failure)
        await end(drive, second, Succeeded())
        await end(drive, first, outcome)
        run = await drive.run(child)
        assert run.state is becomes
        if becomes is State.CANCELLED:
            assert run.error is not None
            assert run.error.code == "parent_failed"
            assert first in run.error.message
            assert run.finished_at == run.cancel_requested_at == drive.now
            assert await drive.told(child) == ["run.queued", "run.cancelled"]

    async def test_one_that_runs_all_the_same_still_waits_for_the_others(self, drive: Driver) -> None:
        first, second = await parents(drive, 2)
        child = await child_of(drive, first, second, on_failure=OnParentFailure.RUN)
        await end(drive, first, BOOM)
        assert (await drive.run(child)).state is WAITING
        await end(drive, second, Succeeded())
        assert (await drive.run(child)).state is State.READY

    async def test_any_goes_with_the_first_that_completes(self, drive: Driver) -> None:
        first, second, third = await parents(drive, 3)
        child = await child_of(drive, first, second, third, join=Join.ANY)
        await end(drive, first, BOOM)
        assert (await drive.run(child)).state is WAITING
        await end(drive, second, Succeeded())
        assert (await drive.run(child)).state is State.READY
        await end(drive, third, BOOM)
        assert (await drive.run(child)).state is State.READY

    async def test_any_ends_when_none_has_completed(self, drive: Driver) -> None:
        first, second = await parents(drive, 2)
        child = await child_of(drive, first, second, join=Join.ANY)
        await end(drive, second, BOOM)
        await end(drive, first, BOOM)
        run = await drive.run(child)
        assert (run.state, run.error and run.error.code) == (State.CANCELLED, "parent_failed")

    async def test_always_goes_when_all_have_ended_however_they_did(self, drive: Driver) -> None:
        ids = await parents(drive, 3)
        child = await child_of(drive, *ids, join=Join.ALWAYS)
        outcomes: list[Outcome] = [BOOM, Succeeded(), GONE]
        for run_id, outcome in zip(ids, outcomes, strict=True):
            assert (await drive.run(child)).state is WAITING
            await end(drive, run_id, outcome)
        assert (await drive.run(child)).state is State.READY

    async def test_a_parent_that_had_nothing_to_do_counts_as_completed(self, drive: Driver) -> None:
        (parent,) = await parents(drive, 1)
        child = await child_of(drive, parent)
        await end(drive, parent, Skipped("nothing new"))
        assert (await drive.run(child)).state is State.READY

    async def test_parents_that_have_ended_already_are_asked_at_once(self, drive: Driver) -> None:
        done, failed = await parents(drive, 2)
        await end(drive, done, Succeeded())
        await end(drive, failed, BOOM)
        states = await drive.states([await child_of(drive, done), await child_of(drive, done, failed)])
        assert states == [State.READY, State.CANCELLED]

    async def test_a_run_may_name_runs_before_it_in_the_batch(self, drive: Driver) -> None:
        first = new_run(drive.now)
        second = new_run(drive.now, depends=Depends(parents=(first.id,)))
        third = new_run(drive.now, depends=Depends(parents=(second.id,)))
        answers = await drive.engine.runs.enqueue([first, second, third], now=drive.now)
        assert [each.admission for each in answers] == [Admission.CREATED] * 3
        assert await drive.states([first.id, second.id, third.id]) == [State.READY, WAITING, WAITING]

    async def test_a_missing_parent_is_an_error_and_nothing_of_the_run_is_stored(self, drive: Driver) -> None:
        (here,) = await parents(drive, 1)
        (theirs,) = await drive.submit(domain="theirs")
        key = RunKey("submit", "k", "hash", drive.now + DAY)
        wanted = [
            new_run(drive.now, depends=Depends(parents=(here, missing)), key=key) for missing in ("run_none", theirs)
        ]
        later = new_run(drive.now)
        early = new_run(drive.now, depends=Depends(parents=(later.id,)))
        answers = await drive.engine.runs.enqueue([*wanted, early, later], now=drive.now)
        assert answers == [
            Accepted(wanted[0].id, Admission.PARENT_MISSING, 1),
            Accepted(wanted[1].id, Admission.PARENT_MISSING, 1),
            Accepted(early.id, Admission.PARENT_MISSING, 0),
            Accepted(later.id, Admission.CREATED),
        ]
        assert await drive.engine.runs.get("default", [run.id for run in (*wanted, early)]) == []
        again = new_run(drive.now, key=key)
        assert await drive.engine.runs.enqueue([again], now=drive.now) == [Accepted(again.id, Admission.CREATED)]

    async def test_together_none_is_stored_where_one_is_refused(self, drive: Driver) -> None:
        key = RunKey("submit", "k", "hash", drive.now + DAY)
        good = new_run(drive.now, key=key)
        bad = new_run(drive.now, depends=Depends(parents=("run_none",)))
        answers = await drive.engine.runs.enqueue([good, bad], together=True, now=drive.now)
        assert answers[1] == Accepted(bad.id, Admission.PARENT_MISSING, 0)
        assert await drive.engine.runs.get("default", [good.id, bad.id]) == []
        child = new_run(drive.now, depends=Depends(parents=(good.id,)))
        answers = await drive.engine.runs.enqueue([good, child], together=True, now=drive.now)
        assert [each.admission for each in answers] == [Admission.CREATED] * 2

    async def test_cancelling_a_parent_ends_its_children_and_theirs(self, drive: Driver) -> None:
        (parent,) = await parents(drive, 1)
        child = await child_of(drive, parent)
        grandchild = await child_of(drive, child)
        spared = await child_of(drive, child, join=Join.ALWAYS)
        await drive.engine.runs.cancel("default", [parent], now=drive.now)
        states = await drive.states([child, grandchild, spared])
        assert states == [State.CANCELLED, State.CANCELLED, State.READY]

    async def test_a_cancelled_child_does_not_come_back(self, drive: Driver) -> None:
        (parent,) = await parents(drive, 1)
        child = await child_of(drive, parent)
        await drive.engine.runs.cancel("default", [child], now=drive.now)
        await end(drive, parent, Succeeded())
        assert (await drive.run(child)).state is State.CANCELLED

    async def test_a_quarantined_parent_has_failed(self, drive: Driver) -> None:
        (parent,) = await parents(drive, 1)
        child = await child_of(drive, parent)
        for _ in range(3):
            await drive.claim_one(await drive.worker())
            drive.now += LEASE
            assert await drive.sweep() == ()
        assert await drive.states([parent, child]) == [State.FAILED, State.CANCELLED]

    async def test_a_retry_takes_the_place_of_the_parent_that_failed(self, drive: Driver) -> None:
        parent, other = await parents(drive, 2)
        child = await child_of(drive, parent, other, on_failure=OnParentFailure.WAIT)
        await end(drive, other, Succeeded())
        for _ in range(2):  # generations
            await end(drive, parent, BOOM)
            assert (await drive.run(child)).state is WAITING
            retry = repeat_run(await drive.run(parent), run_id=new_run(drive.now).id, now=drive.now)
            await drive.engine.runs.enqueue([retry], now=drive.now)
            parent = retry.id
        assert (await drive.run(child)).depends == Depends((parent, other), on_failure=OnParentFailure.WAIT)
        await end(drive, parent, Succeeded(b'"at last"'))
        assert (await drive.run(child)).state is State.READY
        told = await drive.engine.runs.parents("default", child, results=True)
        assert [(one.id, one.state, one.result) for one in told] == [
            (parent, "completed", b'"at last"'),
            (other, "completed", None),
        ]

    async def test_a_retry_by_hand_asks_nothing_of_how_its_parents_ended(self, drive: Driver) -> None:
        (parent,) = await parents(drive, 1)
        child = await child_of(drive, parent)
        await end(drive, parent, BOOM)
        retry = repeat_run(await drive.run(child), run_id=new_run(drive.now).id, now=drive.now)
        await drive.engine.runs.enqueue([retry], now=drive.now)
        run = await drive.run(retry.id)
        assert (run.state, run.cause) == (State.READY, Cause.RETRY)
        assert [one.state for one in await drive.engine.runs.parents("default", retry.id)] == ["failed"]


class TestConditions:
    async def test_a_condition_decides_by_the_parents_result(self, drive: Driver) -> None:
        (parent,) = await parents(drive, 1)
        good, bad = Condition(path="/status", equals="ok"), Condition(path="/status", equals="bad")
        goes = await child_of(drive, parent, conditions={parent: good})
        skipped = await child_of(drive, parent, conditions={parent: bad})
        below = await child_of(drive, skipped)
        always = await child_of(drive, skipped, join=Join.ALWAYS)
        await end(drive, parent, Succeeded(b'{"status": "ok"}'))
        states = await drive.states([goes, skipped, below, always])
        assert states == [State.READY, State.SKIPPED, State.SKIPPED, State.READY]
        run = await drive.run(skipped)
        assert run.error is not None
        assert parent in run.error.message
        assert '/status equals "bad"' in run.error.message
        assert await drive.told(skipped) == ["run.queued", "run.skipped"]

    async def test_any_is_skipped_when_all_conditions_have_failed(self, drive: Driver) -> None:
        ids = await parents(drive, 2)
        conditions = {run_id: Condition(path="/n", among=(1, 2)) for run_id in ids}
        child = await child_of(drive, *ids, join=Join.ANY, conditions=conditions)
        await end(drive, ids[0], Succeeded(b'{"n": 3}'))
        assert (await drive.run(child)).state is WAITING
        await end(drive, ids[1], Succeeded(None))
        assert (await drive.run(child)).state is State.SKIPPED


class TestFamilies:
    async def test_parents_are_told_in_the_order_in_which_they_were_named(self, drive: Driver) -> None:
        ids = await parents(drive, 3)
        child = await child_of(drive, *reversed(ids), join=Join.ALWAYS)
        await end(drive, ids[0], Succeeded(b'{"n": 1}'))
        await end(drive, ids[1], BOOM)
        told = await drive.engine.runs.parents("default", child, results=True)
        assert [(one.id, one.state, one.result) for one in told] == [
            (ids[2], "ready", None),
            (ids[1], "failed", None),
            (ids[0], "completed", b'{"n": 1}'),
        ]
        assert told[1].error == BOOM.error
        assert await drive.engine.runs.parents("theirs", child) == []
        assert await drive.engine.runs.parents("default", ids[0]) == []

    async def test_children_are_listed_while_they_wait_and_after(self, drive: Driver) -> None:
        (parent,) = await parents(drive, 1)
        ids = sorted([await child_of(drive, parent) for _ in range(3)])
        store = drive.engine.runs
        assert await store.children("default", parent) == ids
        assert await store.children("default", parent, after=ids[0], limit=1) == [ids[1]]
        assert await store.children("theirs", parent) == []
        await drive.engine.runs.cancel("default", [parent], now=drive.now)
        assert await store.children("default", parent) == ids

    async def test_the_state_of_a_pruned_parent_stays_known(self, engine: Engine, drive: Driver) -> None:
        (parent,) = await parents(drive, 1)
        await end(drive, parent, Succeeded(b"1"))
        assert await engine.runs.prune(drive.now + 1, 10) == 1
        child = await child_of(drive, parent)
        assert (await drive.run(child)).state is State.READY
        (told,) = await engine.runs.parents("default", child, results=True)
        assert (told.id, told.state, told.result) == (parent, "completed", None)


class TestCascades:
    async def test_a_cascade_goes_through_more_than_one_transaction_takes(self, drive: Driver) -> None:
        """2,000 children of one parent, and a line of 200 generations."""
        (parent,) = await parents(drive, 1)
        wide = [new_run(drive.now, depends=Depends(parents=(parent,))) for _ in range(2_000)]
        deep = [new_run(drive.now, depends=Depends(parents=(parent,)))]
        for _ in range(199):
            deep.append(new_run(drive.now, depends=Depends(parents=(deep[-1].id,))))
        await drive.engine.runs.enqueue([*wide, *deep], now=drive.now)
        await end(drive, parent, BOOM)
        while await drive.engine.runs.resolve(now=drive.now):
            pass
        assert set(await drive.states([run.id for run in [*wide, *deep]])) == {State.CANCELLED}

    async def test_a_join_of_many_goes_when_the_last_has_completed(self, drive: Driver) -> None:
        ids = await drive.submit(300)
        child = await child_of(drive, *ids)
        worker = await drive.worker()
        claims: Sequence[Any] = await drive.claim(worker, 300)
        done = [drive.outcome(claim, Succeeded(), worker) for claim in claims]
        await drive.engine.runs.settle(done[:-1], now=drive.now)
        assert (await drive.run(child)).state is WAITING
        await drive.engine.runs.settle(done[-1:], now=drive.now)
        assert (await drive.run(child)).state is State.READY
