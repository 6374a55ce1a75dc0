"""The net under the lanes of SQLite: what must never be there is removed, and said."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from structlog.testing import capture_logs

from treadle.domain.runs import State
from treadle.engines.sql.numbers import gate_id
from treadle.engines.sqlite.connection import connect
from treadle.engines.sqlite.engine import open_sqlite
from treadle.system import SystemClock
from treadle.testing.driver import Driver, lanes


async def test_a_slot_that_no_run_holds_is_removed_and_said_and_its_lane_is_free_again(tmp_path: Path) -> None:
    engine = await open_sqlite(tmp_path / "treadle.db", SystemClock())
    drive = Driver(engine)
    with closing(connect(tmp_path / "treadle.db", "NORMAL", cache_kib=64)) as connection:
        connection.execute("INSERT INTO slots (gate, rank, run) VALUES (?, 1, 77)", (gate_id("lane", "default", "a"),))
    (waiting,) = await drive.submit(limits=lanes(a=1))
    assert await drive.states([waiting]) == [State.BLOCKED]
    with capture_logs() as said:
        assert await engine.lanes.tend(100, now=drive.now) == 1
    assert [(each["log_level"], each["slots"]) for each in said] == [("error", 1)]
    assert await drive.states([waiting]) == [State.READY]
    await engine.close()
