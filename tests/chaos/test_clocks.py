"""Wall clocks jump by an hour, and by ten years: no lease ends by it, and no schedule fires a flood."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.clocks import JumpingClock
from tests.support.postgres import server
from tests.support.schedulers import scheduler
from tests.support.scheduling import define, runs, skips
from tests.support.workers import Lab, Site, open_lab, result
from treadle.domain.instants import DAY, HOUR, SECOND, Micros
from treadle.domain.runs import State

CAP = 5
MANY = 100
"""More slots than are due by themselves while a test runs; a flood is of millions."""

JUMPS: list[tuple[str, Micros]] = [("+1h", HOUR), ("-1h", -HOUR), ("+10y", 3_650 * DAY)]


@pytest.mark.slow
async def test_the_clock_of_worker_and_scheduler_jumps(site: Site, lab: Lab, jumping: JumpingClock) -> None:
    """On SQLite it is the engine's; PostgreSQL has its own, and nothing of this may be seen there."""
    await define(
        lab.engine,
        schedule={"interval_sec": 1},
        allow_overlap=True,
        misfire={"policy": "all", "grace_sec": 0, "cap": CAP},
    )
    with (
        site.worker(*jumping.command, lease_sec=8) as worker,
        scheduler(site.folder, site.url, within=jumping.command) as ticking,
    ):
        held = await lab.submit("wait")
        await lab.told(held)
        for to, by in JUMPS:
            jumping.jump(to)
            await _seen(lab, by if lab.engine.name == "sqlite" else 0)
            assert (await lab.read(held)).token == 1
        assert len(await runs(lab.engine)) < MANY
        if lab.engine.name == "sqlite":
            await _skipped_years(lab)
        site.open_gate(held)
        run = await lab.finished(held)
        assert (result(run), run.losses) == (1, 0), worker.said
        assert "took back" not in ticking.said


async def _seen(lab: Lab, by: Micros) -> None:
    """Returns once the worker goes by a clock that is so far off, and has gone on doing so for a while."""
    seen = 0
    while seen < 5:
        before = lab.engine.now()
        run = await lab.finished(await lab.submit("echo"))
        assert run.state is State.COMPLETED
        assert run.finished_at is not None
        seen += abs(run.finished_at - before - by) < 60 * SECOND


async def _skipped_years(lab: Lab) -> None:
    """Returns once the slots of ten years are recorded as skipped."""
    notices = lab.engine.listen()
    while max((told["count"] for _, told in await skips(lab.engine)), default=0) < 3_000 * DAY // SECOND:
        await notices.wait(0.1)
    await notices.close()


@pytest.mark.slow
async def test_the_clock_of_the_server_jumps(tmp_path: Path, jumping: JumpingClock) -> None:
    """Leases are counted by it: an hour ahead ends them. What was held is done again, and settled once."""
    with server(environment=jumping.environment) as one:
        site = Site(tmp_path, one.url)
        async with open_lab(site) as lab:
            await define(lab.engine, schedule={"interval_sec": 1}, allow_overlap=True, misfire={"cap": CAP})
            with site.worker(lease_sec=8), scheduler(site.folder, site.url):
                held = await lab.submit("wait")
                await lab.told(held)
                jumping.jump("+1h")
                await lab.until(held, lambda run: run.state is State.RUNNING and run.token > 1, patience=90)
                jumping.jump("-1h")
                site.open_gate(held)
                assert (await lab.finished(held)).state is State.COMPLETED
                assert (await lab.events(held)).count("run.completed") == 1
                assert (await lab.finished(await lab.submit("echo"))).state is State.COMPLETED
            assert len(await runs(lab.engine)) < MANY
