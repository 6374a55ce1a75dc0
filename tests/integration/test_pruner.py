"""What was kept long enough goes, in chunks; what is younger stays."""

from __future__ import annotations

from pathlib import Path

from tests.support.scheduling import MovedClock, define, runs, skips, sqlite, ticker
from treadle.domain.instants import DAY, SECOND
from treadle.domain.logs import Level, LogLine, Stream
from treadle.domain.runs import DEFAULT_DOMAIN, State
from treadle.domain.workers import WorkerSpec
from treadle.engines.contract import Engine
from treadle.scheduler.pruner import CHUNK, EVERY_SECONDS, Pruner
from treadle.settings import Settings


async def _say(engine: Engine, run_id: str, count: int) -> None:
    line = LogLine(
        domain=DEFAULT_DOMAIN,
        run_id=run_id,
        token=1,
        attempt=1,
        at=engine.now(),
        stream=Stream.STDOUT,
        level=Level.INFO,
        message="hello",
    )
    await engine.logs.append([line] * count)


async def test_each_kind_is_kept_as_long_as_settings_say(tmp_path: Path) -> None:
    clock = MovedClock()
    async with sqlite(tmp_path, clock) as engine:
        await define(engine)
        tick = ticker(engine, clock)
        clock.now += SECOND
        await tick()
        (old,) = await runs(engine)
        clock.now += SECOND
        await tick()  # skips a slot: an event
        await engine.runs.cancel(DEFAULT_DOMAIN, [old.id])
        await _say(engine, "run_old", 2 * CHUNK + 1)
        spec = WorkerSpec(id="wrk_old", host="here", pid=1, slots=1, requires=frozenset({"shell"}), version="0")
        await engine.workers.register(spec, SECOND)
        await engine.workers.stop(["wrk_old"])

        prune = Pruner(engine, Settings(retention_runs_days=30, retention_logs_days=7, retention_events_days=3))
        assert await prune() == EVERY_SECONDS
        assert len(await runs(engine)) == 1

        clock.now += 4 * DAY
        await _say(engine, "run_new", 1)
        await prune()
        assert await skips(engine) == []
        assert len(await engine.logs.read(DEFAULT_DOMAIN, "run_old", after=0, limit=5)) == 5

        clock.now += 4 * DAY
        await prune()
        assert await engine.logs.read(DEFAULT_DOMAIN, "run_old", after=0, limit=5) == []
        assert len(await engine.logs.read(DEFAULT_DOMAIN, "run_new", after=0, limit=5)) == 1
        assert [run.state for run in await runs(engine)] == [State.CANCELLED]

        clock.now += 23 * DAY
        await prune()
        assert await runs(engine) == []
        assert await engine.workers.prune(clock.now, 10) == 0
