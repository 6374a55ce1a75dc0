"""Suspects: a run whose worker was lost runs alone, until it has shown what it does to a worker."""

from __future__ import annotations

from treadle.domain.instants import DAY, MINUTE
from treadle.domain.outcomes import Snoozed, Succeeded
from treadle.domain.retry import QUARANTINE_AT
from treadle.domain.runs import Claim, State
from treadle.domain.workers import LEASE
from treadle.engines.contract import Engine
from treadle.testing.driver import BOOM, Driver


async def lose(drive: Driver, count: int = 1) -> tuple[Claim, ...]:
    """Let a worker take runs and be lost with them."""
    claims = await drive.claim(await drive.worker(), count)
    drive.now += LEASE
    await drive.sweep()
    return claims


class TestSuspects:
    async def test_a_suspect_comes_alone_however_many_are_wanted(self, drive: Driver) -> None:
        await drive.submit(2)
        await lose(drive, 2)
        others = await drive.submit(2)
        worker = await drive.worker(lease=DAY)
        (suspect,) = await drive.claim(worker, 9)
        assert (suspect.suspect, suspect.losses, suspect.solo_losses) == (True, 1, 0)
        assert await drive.claim(worker, 9) == ()
        await drive.settle(worker, suspect, Succeeded())
        (second,) = await drive.claim(worker, 9)
        assert second.suspect
        await drive.settle(worker, second, Succeeded())
        assert [claim.id for claim in await drive.claim(worker, 9)] == others

    async def test_readers_are_told_that_a_worker_carries_one_out_alone(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(2)
        await lose(drive)
        worker = await drive.worker(lease=DAY)
        suspect = await drive.claim_one(worker)
        assert [each.alone for each in await engine.workers.find("default") if each.id == worker] == [True]
        await drive.settle(worker, suspect, Succeeded())
        assert not (await drive.claim_one(worker)).suspect
        assert [each.alone for each in await engine.workers.find("default") if each.id == worker] == [False]

    async def test_a_busy_worker_is_told_that_a_suspect_waits(self, engine: Engine, drive: Driver) -> None:
        await drive.submit()
        await lose(drive)
        worker = await drive.worker(lease=DAY)
        suspect = await drive.claim_one(worker)
        await drive.settle(worker, suspect, Snoozed(MINUTE))
        await drive.submit(2)
        normal = await drive.claim_one(worker)
        drive.now += MINUTE
        step = await engine.runs.step(worker, (), 1, now=drive.now)
        assert ([claim.suspect for claim in step.claims], step.solo_waiting) == ([False], True)
        done = [drive.outcome(claim, Succeeded(), worker) for claim in (normal, *step.claims)]
        step = await engine.runs.step(worker, done, 9, now=drive.now)
        assert ([claim.id for claim in step.claims], step.solo_waiting) == ([suspect.id], False)

    async def test_a_worker_that_wants_nothing_is_told_whether_one_waits(self, engine: Engine, drive: Driver) -> None:
        await drive.submit()
        await lose(drive)
        busy, other = await drive.worker(lease=DAY), await drive.worker(lease=DAY)
        suspect = await drive.claim_one(other)
        await drive.submit()
        await drive.claim_one(busy)
        assert not (await engine.runs.step(busy, (), 0, now=drive.now)).solo_waiting
        await drive.settle(other, suspect, Snoozed(MINUTE))
        drive.now += MINUTE
        assert (await engine.runs.step(busy, (), 0, now=drive.now)).solo_waiting
        await drive.claim_one(other)
        assert not (await engine.runs.step(busy, (), 0, now=drive.now)).solo_waiting

    async def test_a_suspect_of_another_line_bothers_nobody(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(queue="other")
        await lose(drive)
        await drive.submit(2)
        worker = await drive.worker(queues=("default",), lease=DAY)
        for _ in range(2):
            step = await engine.runs.step(worker, (), 1, now=drive.now)
            assert (len(step.claims), step.solo_waiting) == (1, False)

    async def test_a_suspect_that_fails_by_itself_is_none_any_more(self, drive: Driver) -> None:
        await drive.submit()
        await lose(drive)
        worker = await drive.worker(lease=DAY)
        suspect = await drive.claim_one(worker)
        await drive.settle(worker, suspect, BOOM)
        (other,) = await drive.submit()
        drive.now += MINUTE
        claims = await drive.claim(worker, 9)
        assert {claim.id for claim in claims} == {suspect.id, other}
        assert not any(claim.suspect for claim in claims)

    async def test_solitary_losses_end_in_quarantine(self, drive: Driver) -> None:
        (run_id,) = await drive.submit()
        for _ in range(QUARANTINE_AT):
            await lose(drive)
        run = await drive.run(run_id)
        assert (run.state, run.solo_losses) == (State.FAILED, QUARANTINE_AT)
        assert run.error is not None
        assert run.error.code == "quarantined"
        assert (await drive.told(run_id))[-1] == "run.quarantined"

    async def test_losses_in_company_do_not(self, drive: Driver) -> None:
        ids = await drive.submit(2)
        await lose(drive, 2)
        assert [run.solo_losses for run in await drive.engine.runs.get("default", ids)] == [0, 0]
        for run_id in ids:
            assert (await drive.told(run_id))[-1] == "run.lost"
