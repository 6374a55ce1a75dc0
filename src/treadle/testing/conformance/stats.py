"""Runs that have ended are counted once each, whoever counts, and what they add up to is what a count by hand gives."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from typing import Final

import pytest

from treadle.domain.histograms import quantiles
from treadle.domain.instants import DAY, HOUR, MINUTE, SECOND
from treadle.domain.limits import Lane, Limits
from treadle.domain.outcomes import Lost, Outcome, Released, Skipped, Snoozed, Succeeded
from treadle.domain.runs import TERMINAL, Run, State
from treadle.domain.stats import EVERYTHING, STEPS, Tally, count, job_series, queue_series
from treadle.engines.contract import Engine, RunQuery
from treadle.testing.conformance.opening import Opener
from treadle.testing.conformance.processes import PROCESSES, drivers
from treadle.testing.driver import BOOM, Driver, work
from treadle.testing.model.stats import to_ended, to_outcome

DOMAINS: Final = ("default", "theirs")
JOBS: Final = ("a", "b")
QUEUES: Final = ("default", "mail")
OUTCOMES: Final[tuple[Outcome, ...]] = (
    Succeeded(),
    BOOM,
    Skipped("no"),
    Snoozed(SECOND),
    Released(),
    Lost(solitary=True),
)
CHUNK: Final = 7


async def roll_up(engine: Engine, limit: int = CHUNK) -> None:
    """Count all that is there."""
    while await engine.stats.roll_up(limit):
        pass


async def ended(engine: Engine) -> list[Run]:
    """All runs that have ended, of all domains."""
    found = [run for name in DOMAINS for run in await engine.runs.find(RunQuery(domain=name, limit=10_000))]
    return [run for run in found if run.state in TERMINAL]


async def check_counted(engine: Engine) -> None:
    """The tallies are what a count by hand gives."""
    by_hand = count(map(to_ended, await ended(engine)))
    for domain in DOMAINS:
        for series in (EVERYTHING, *map(job_series, JOBS), *map(queue_series, QUEUES)):
            for step in STEPS:
                stored = dict(await engine.stats.tallies(domain, series, step, 0, 1 << 60))
                wanted = {key.at: tally for key, tally in by_hand.items() if key[:3] == (domain, series, step)}
                assert stored == wanted, (domain, series, step)


async def live(drive: Driver, chance: random.Random, turns: int) -> None:
    """Random lives of runs: submits, cancels, all outcomes of tries, silence, and counting in between."""
    workers = {domain: await drive.worker(domain=domain, lease=DAY) for domain in DOMAINS}
    ids: list[tuple[str, str]] = []
    for _ in range(turns):
        domain = chance.choice(DOMAINS)
        made = await drive.submit(
            chance.randrange(1, 4),
            domain=domain,
            job_id=chance.choice(JOBS),
            queue=chance.choice(QUEUES),
            delay=chance.choice((0, SECOND)),
            work=work(max_retries=chance.randrange(3), delays=(0.5,)),
        )
        ids += [(domain, run_id) for run_id in made]
        drive.now += chance.randrange(20 * SECOND, 10 * MINUTE)
        if chance.random() < 0.3:
            whose, run_id = chance.choice(ids)
            await drive.engine.runs.cancel(whose, [run_id], now=drive.now)
        for name, worker in workers.items():
            for claim in await drive.claim(worker, 2):
                assert claim.domain == name
                drive.now += chance.randrange(SECOND)
                await drive.settle(worker, claim, chance.choice(OUTCOMES))
        if chance.random() < 0.3:
            await drive.engine.stats.roll_up(chance.randrange(1, 20))


class TestStats:
    async def test_what_is_counted_is_what_a_count_by_hand_gives(self, engine: Engine, drive: Driver) -> None:
        await live(drive, random.Random(20261122), 60)
        await roll_up(engine)
        assert len({run.state for run in await ended(engine)}) == len(TERMINAL)
        await check_counted(engine)

    async def test_each_run_is_counted_once_by_several_at_once(self, opener: Opener) -> None:
        async with AsyncExitStack() as stack:
            first, *others = await drivers(stack, opener)
            await live(first, random.Random(7), 30)
            await asyncio.gather(*(roll_up(drive.engine) for drive in (first, *others)))
            await roll_up(first.engine)
            assert len(others) == PROCESSES - 1
            await check_counted(first.engine)

    async def test_nothing_is_left_to_count_once_all_is(self, engine: Engine, drive: Driver) -> None:
        assert await engine.stats.roll_up(CHUNK) == 0
        (run_id,) = await drive.submit()
        await engine.runs.cancel("default", [run_id], now=drive.now)
        await roll_up(engine)
        assert await engine.stats.roll_up(CHUNK) == 0

    async def test_what_went_is_counted_still(self, engine: Engine, drive: Driver) -> None:
        await drive.submit(2)
        worker = await drive.worker()
        for claim in await drive.claim(worker, 2):
            await drive.settle(worker, claim, Succeeded())
        await roll_up(engine)
        assert await engine.runs.prune(drive.now + DAY, 10) == 2
        await roll_up(engine)
        ((_, tally),) = await engine.stats.tallies("default", EVERYTHING, HOUR, 0, 1 << 60)
        assert tally.completed == 2

    async def test_it_is_told_how_long_runs_waited_and_took(self, engine: Engine, drive: Driver) -> None:
        await drive.submit()
        worker = await drive.worker()
        drive.now += 3 * SECOND
        claim = await drive.claim_one(worker)
        drive.now += 2 * SECOND
        await engine.runs.settle([drive.outcome(claim, Succeeded(), worker)], now=drive.now)
        await roll_up(engine)
        ((_, tally),) = await engine.stats.tallies("default", job_series("job_report"), MINUTE, 0, 1 << 60)
        assert quantiles(tally.waits, [0.5]) == [pytest.approx(3 * SECOND, rel=1 / 32)]
        assert quantiles(tally.durations, [0.5]) == [pytest.approx(2 * SECOND, rel=1 / 32)]

    async def test_of_a_queue_the_most_that_was_noted_is_kept(self, engine: Engine, drive: Driver) -> None:
        drive.now = drive.now // HOUR * HOUR
        for after, ready in ((0, {"default": 3, "mail": 1}), (SECOND, {"default": 5}), (MINUTE, {"default": 2})):
            await engine.stats.note_depths("default", ready, now=drive.now + after)

        async def noted(series: str, step: int) -> list[int]:
            return [tally.depth for _, tally in await engine.stats.tallies("default", series, step, 0, 1 << 60)]

        assert await noted(queue_series("default"), MINUTE) == [5, 2]
        assert await noted(EVERYTHING, MINUTE) == [5, 2]
        assert await noted(queue_series("mail"), HOUR) == [1]
        assert await noted(queue_series("default"), HOUR) == [5]
        assert await engine.stats.tallies("theirs", EVERYTHING, HOUR, 0, 1 << 60) == []

    async def test_old_ones_go_by_their_step(self, engine: Engine, drive: Driver) -> None:
        for _ in range(2):
            (run_id,) = await drive.submit()
            await engine.runs.cancel("default", [run_id], now=drive.now)
            drive.now += DAY
        await roll_up(engine)

        async def ats(step: int) -> int:
            return len(await engine.stats.tallies("default", EVERYTHING, step, 0, 1 << 60))

        before = drive.now - DAY - HOUR
        assert (await ats(MINUTE), await ats(HOUR)) == (2, 2)
        assert await engine.stats.prune(MINUTE, before, 2) == 2
        assert await engine.stats.prune(MINUTE, before, 2) == 1  # of the job and the queue
        assert await engine.stats.prune(MINUTE, before, 2) == 0
        assert (await ats(MINUTE), await ats(HOUR)) == (1, 2)

    async def test_a_range_has_its_start_and_not_its_end(self, engine: Engine, drive: Driver) -> None:
        (run_id,) = await drive.submit()
        await engine.runs.cancel("default", [run_id], now=drive.now)
        await roll_up(engine)
        hour = drive.now // HOUR * HOUR
        found = await engine.stats.tallies("default", EVERYTHING, HOUR, hour, hour + 1)
        assert found == [(hour, Tally(cancelled=1))]
        assert await engine.stats.tallies("default", EVERYTHING, HOUR, hour - HOUR, hour) == []


class TestRecent:
    async def test_the_last_runs_of_each_job_are_told_newest_first(self, engine: Engine, drive: Driver) -> None:
        worker = await drive.worker()
        for job_id in ("a", "b", "a", "a"):
            (run_id,) = await drive.submit(job_id=job_id)
            drive.now += SECOND
            if job_id == "b":
                await engine.runs.cancel("default", [run_id], now=drive.now)
            else:
                await drive.settle(worker, await drive.claim_one(worker), Succeeded())
        await drive.submit(job_id="a")
        await drive.submit(job_id="a", domain="theirs")
        found = await engine.stats.recent("default", ["a", "b", "c"], 2)
        newest, older = (run for run in sorted(await ended(engine), key=lambda run: run.id)[:1:-1])
        assert found["a"] == [to_outcome(newest), to_outcome(older)]
        assert [each.state for each in found["b"]] == [State.CANCELLED]
        assert found.keys() == {"a", "b"}
        assert await engine.stats.recent("theirs", ["a"], 2) == {}


class TestStanding:
    async def test_live_runs_are_told_by_state_and_domain(self, engine: Engine, drive: Driver) -> None:
        for queue in QUEUES:
            await drive.submit(3, queue=queue)
        since = drive.now
        drive.now += SECOND
        await drive.submit(2, delay=MINUTE)
        await drive.submit(3, limits=Limits(lanes=(Lane("one", 1),)))
        await drive.submit(domain="theirs")
        worker = await drive.worker()
        claims = await drive.claim(worker, 2)
        standing = await engine.stats.standing("default")
        states = Counter(run.state for run in await engine.runs.find(RunQuery(domain="default", limit=99)))
        assert standing.running == states[State.RUNNING] == len(claims) == 2
        assert (standing.ready, standing.scheduled, standing.blocked) == (5, 2, 2)
        assert standing.oldest_due_at == since
        assert (await engine.stats.standing("theirs")).ready == 1
        nobody = await engine.stats.standing("nobody")
        assert (nobody.ready, nobody.oldest_due_at) == (0, None)
