"""Several engines on the same data, as several processes have them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from treadle.domain.errors import LeaseLost
from treadle.domain.instants import DAY, MINUTE
from treadle.domain.outcomes import Succeeded
from treadle.domain.runs import RunKey, State
from treadle.domain.workers import LEASE
from treadle.engines.contract import RunQuery
from treadle.testing.conformance.opening import Opener
from treadle.testing.driver import Driver, firing, interval_schedule, lanes, new_run, saving

PROCESSES = 3


async def drivers(stack: AsyncExitStack, opener: Opener) -> list[Driver]:
    """Several engines on the same data, at one time."""
    engines = [await stack.enter_async_context(opener()) for _ in range(PROCESSES)]
    return [Driver(engine, engines[0].now()) for engine in engines]


class TestProcesses:
    async def test_all_see_what_one_was_told(self, opener: Opener) -> None:
        async with AsyncExitStack() as stack:
            first, *others = await drivers(stack, opener)
            (run_id,) = await first.submit()
            for other in others:
                assert (await other.run(run_id)).state is State.READY

    async def test_runs_stand_after_all_engines_were_closed(self, opener: Opener) -> None:
        async with opener() as engine:
            ids = await Driver(engine).submit(3)
        async with opener() as engine:
            assert await Driver(engine).states(ids) == [State.READY] * 3

    async def test_each_run_is_claimed_and_settled_once(self, opener: Opener) -> None:
        async def drain(drive: Driver) -> list[str]:
            worker = await drive.worker(lease=DAY)
            executed = []
            claims = await drive.claim(worker, 7)
            while claims:
                executed += [claim.id for claim in claims]
                done = [drive.outcome(claim, Succeeded(), worker) for claim in claims]
                step = await drive.engine.runs.step(worker, done, 7, now=drive.now)
                assert step.refused == ()
                claims = step.claims
            return executed

        async with AsyncExitStack() as stack:
            all_of_them = await drivers(stack, opener)
            batches = await asyncio.gather(*(drive.submit(40) for drive in all_of_them))
            executed = await asyncio.gather(*(drain(drive) for drive in all_of_them))
            submitted = [run_id for batch in batches for run_id in batch]
            assert sorted(run_id for one in executed for run_id in one) == sorted(submitted)
            states = await all_of_them[0].states(submitted)
            assert set(states) == {State.COMPLETED}

    async def test_one_key_makes_one_run_however_many_try(self, opener: Opener) -> None:
        async with AsyncExitStack() as stack:
            all_of_them = await drivers(stack, opener)
            key = RunKey("job_report", "k", "a", all_of_them[0].now + MINUTE)
            answers = await asyncio.gather(
                *(drive.engine.runs.enqueue([new_run(drive.now, key=key)], now=drive.now) for drive in all_of_them * 5)
            )
            assert len({answer.run_id for (answer,) in answers}) == 1
            assert sorted(answer.admission for (answer,) in answers) == ["created", *["existing"] * (len(answers) - 1)]
            assert await all_of_them[0].engine.runs.counts("default") == {State.READY: 1}

    async def test_a_lane_lets_no_more_in_however_many_come_at_once(self, opener: Opener) -> None:
        async with AsyncExitStack() as stack:
            all_of_them = await drivers(stack, opener)
            first = all_of_them[0]
            for _ in range(10):
                batches = await asyncio.gather(*(drive.submit(limits=lanes(one=1)) for drive in all_of_them * 2))
                ids = [run_id for batch in batches for run_id in batch]
                assert (await first.states(ids)).count(State.READY) == 1
                await first.engine.runs.cancel("default", ids, now=first.now)  # the lane stands, and is empty

    async def test_one_slot_fires_once_however_many_schedulers_try(self, opener: Opener) -> None:
        async with AsyncExitStack() as stack:
            all_of_them = await drivers(stack, opener)
            first = all_of_them[0]
            schedule = interval_schedule(first.now, every=MINUTE)
            await first.engine.documents.save(saving(first.now, schedule))
            now = first.now + MINUTE
            answers = await asyncio.gather(
                *(drive.engine.schedules.fire([firing(schedule, now)], now=now) for drive in all_of_them)
            )
            assert sorted(answer for (answer,) in answers) == [*[False] * (PROCESSES - 1), True]
            assert len(await first.engine.runs.find(RunQuery(domain="default", limit=9))) == 1

    async def test_a_lease_that_one_process_ended_is_ended_for_all(self, opener: Opener) -> None:
        async with AsyncExitStack() as stack:
            owner, sweeper, heir = await drivers(stack, opener)
            await owner.submit()
            worker = await owner.worker()
            stale = await owner.claim_one(worker)
            sweeper.now = heir.now = owner.now + LEASE
            await sweeper.sweep()
            claim = await heir.claim_one(await heir.worker())
            assert claim.token > stale.token
            with pytest.raises(LeaseLost):
                await owner.settle(worker, stale, Succeeded())

    async def test_of_a_cancel_and_a_settle_at_once_either_comes_first(self, opener: Opener) -> None:
        async with AsyncExitStack() as stack:
            owner, other, _ = await drivers(stack, opener)
            worker = await owner.worker()
            await owner.submit(20)
            claims = await owner.claim(worker, 20)

            async def race(position: int) -> None:
                claim = claims[position]
                _, refused = await asyncio.gather(
                    other.engine.runs.cancel("default", [claim.id], now=other.now),
                    owner.settle(worker, claim, Succeeded()),
                )
                assert refused == ()

            await asyncio.gather(*(race(position) for position in range(20)))
            states = await owner.states([claim.id for claim in claims])
            assert set(states) == {State.COMPLETED}

    async def test_events_are_never_skipped_by_a_reader_of_a_moving_log(self, opener: Opener) -> None:
        async with AsyncExitStack() as stack:
            reader, *writers = await drivers(stack, opener)
            position = 0
            seen: list[str] = []

            async def write(drive: Driver) -> list[str]:
                return [run_id for _ in range(15) for run_id in await drive.submit(2)]

            writing = asyncio.gather(*(write(drive) for drive in writers))
            while len(seen) < 60:
                for event in await reader.engine.events.read("default", after=position, limit=7):
                    assert event.seq > position
                    position = event.seq
                    seen.append(event.subject)
                await asyncio.sleep(0)
            assert sorted(seen) == sorted(run_id for ids in await writing for run_id in ids)
