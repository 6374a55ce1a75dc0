"""`treadle migrate`: an installation moves to PostgreSQL under load; the move is killed again and again."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.support.pages import ROOT, Terminal, commands, matches
from tests.support.postgres import Databases, databases, server
from tests.support.services import Fleet, fleet, until
from tests.support.up import TREADLE, Up, environment, treadle, up
from treadle.cli.server import Server
from treadle.domain.errors import Conflict, Moved, TreadleError, Unavailable
from treadle.domain.logs import Level, Stream
from treadle.domain.outcomes import Succeeded
from treadle.domain.runs import State
from treadle.engines.contract import Engine
from treadle.engines.moving import NOT_MOVED, tally
from treadle.engines.open import open_engine, open_move
from treadle.engines.postgres.engine import open_postgres
from treadle.engines.sqlite.moving import SqliteSource
from treadle.executors.logbuffer import LogBuffer
from treadle.executors.runlog import RunLog
from treadle.services.moving import give_up, move
from treadle.system import SystemClock
from treadle.testing.driver import Driver

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

SCALING = ROOT / "docs" / "scaling.md"
PHASES = ("copied history", "nothing is claimed any more", "nothing is taken here any more")
"""What is said at each point at which the move is killed."""


@pytest.fixture(scope="module")
def made() -> Iterator[Databases]:
    with databases() as one:
        yield one


@pytest.fixture
def url(made: Databases) -> str:
    """The URL of a database in which there is nothing."""
    return made.url(asyncio.run(made.create()))


class Load:
    """Somebody who goes on submitting, and remembers what was accepted."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.accepted: list[str] = []
        self.refused: TreadleError | None = None
        self._thread = threading.Thread(target=self._submit)
        self._ending = threading.Event()

    @contextmanager
    def on(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._ending.set()
            self._thread.join()

    def _submit(self) -> None:
        while not self._ending.is_set():
            try:
                self.accepted.append(self.server.post("/jobs/note/run", {})["run_id"])
            except TreadleError as error:
                self.refused = error
            self._ending.wait(0.1)


def _migrate_killed_at(said: str, one: Up, url: str) -> None:
    """Make the move until it says something, and kill it there."""
    command = [TREADLE, "migrate", "--to", url, "--grace", "1", "--data", str(one.data)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            if said in line:
                process.send_signal(signal.SIGKILL)
                break
        else:
            raise AssertionError(f"it never said {said!r}: {lines}")


def _migrate(one: Up, url: str) -> dict[str, Any]:
    done = treadle("migrate", "--to", url, "--grace", "1", "--data", str(one.data), "--json")
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_nothing_is_lost_or_doubled_under_load_and_kills(tmp_path: Path, url: str) -> None:
    ledger = tmp_path / "ledger"
    with up(tmp_path) as one:
        one.define(name="note", script=f"echo $TREADLE_RUN_ID $TREADLE_ATTEMPT >> {ledger}; echo noted")
        one.define(name="rare", script="true", schedule={"cron": "0 0 1 1 *"}, max_concurrent=3)
        one.define(name="fails", script="exit 1", retries=0)
        one.define(name="held", script="sleep 600", timeout=0, retries=0)
        failed, held = one.submit("fails"), one.submit("held")
        until(lambda: one.status(failed) == "failed" and one.status(held) == "running", "a dead letter")
        later = one.server.post("/jobs/note/run", {"delay_sec": 86_400})["run_id"]
        load = Load(one.server)
        with load.on():
            until(lambda: len(load.accepted) > 5, "some load")
            for said in PHASES:
                _migrate_killed_at(said, one, url)
            report = _migrate(one, url)
            until(lambda: load.refused, "a refusal")
        assert isinstance(load.refused, Moved)
        assert " to postgresql://" in str(load.refused)
        until(lambda: "the worker has ended with the move" in one.said, "the end of the worker")
        seq = one.server.get("/events", limit=1)["items"][0]["seq"]
        history = one.server.get(f"/runs/{failed}")
        (guide,) = [each for each in commands(SCALING.read_text(encoding="utf-8")) if "migrate" in each.script]
        printed = Terminal(tmp_path, environment={"DATABASE": url, "TREADLE_DATA": str(one.data)}).run(guide.script)
        assert matches(guide.shown, printed), printed
        assert _migrate(one, url) == report
    again = treadle("up", "--data", str(one.data), TREADLE_PORT="0")
    assert (again.returncode, "has moved to postgresql://" in again.stderr) == (5, True)
    for table in report["tables"]:
        assert (table["source_rows"], table["source_checksum"]) == (table["target_rows"], table["target_checksum"])
    with fleet(tmp_path / "fleet", url) as there:
        assert there.run(failed) == history
        assert there.server.get("/events", limit=1)["items"][0]["seq"] == seq
        assert there.server.get("/jobs/rare")["max_concurrent"] == 3
        assert [each["run_id"] for each in there.server.get("/dead-letters")["items"]] == [failed]
        assert there.run(held)["status"] == "ready"
        assert there.run(later)["status"] == "scheduled"
        there.server.post(f"/runs/{held}/cancel")
        there.start("scheduler")
        there.start("worker")
        _judge(there, load.accepted, ledger)


def _judge(there: Fleet, accepted: list[str], ledger: Path) -> None:
    """Each run that was accepted is there once, completes, and no attempt of it was begun twice."""

    def left() -> set[str]:
        done = there.server.pages("/runs", job="note", status="completed", limit=200)
        return set(accepted) - {run["run_id"] for run in done}

    while rest := left():
        until(lambda: len(left()) < len(rest), f"any of the {len(rest)} that are left of {len(accepted)}")
    ids = [run["run_id"] for run in there.server.pages("/runs", job="note", limit=200)]
    assert len(ids) == len(set(ids))
    carried_out = Counter(line.split()[0] for line in ledger.read_text().splitlines())
    assert set(accepted) <= set(carried_out)
    run_id = accepted[0]
    assert [each["message"] for each in there.server.get(f"/runs/{run_id}/logs")["items"]] == ["noted"]


class BrokenOff(Exception):
    """The move ends here."""


async def test_a_move_that_is_not_complete_can_be_given_up(tmp_path: Path, url: str) -> None:
    file = f"sqlite:///{tmp_path / 'treadle.db'}"
    engine = await open_engine(file, SystemClock())
    (run_id,) = await Driver(engine).submit()

    async def open_it() -> Engine:
        return await open_engine(file, SystemClock())

    def break_off(said: str) -> None:
        if PHASES[2] in said:
            raise BrokenOff

    async with open_move(file, url) as (source, target):
        standing = source.begin("there", "mov_1")
        with pytest.raises(BrokenOff):
            await move(source, target, standing, open_engine=open_it, grace=0, say=break_off)
        with pytest.raises(Moved, match=r"is moving to there.*make it again"):
            await Driver(engine).submit()
        with pytest.raises(Moved):
            await open_it()
    with pytest.raises(Unavailable, match="an installation is being moved into this database"):
        await open_postgres(url)
    async with open_move(file, url) as (source, target):
        await give_up(source, target, "there")
    worker = await Driver(engine).worker()
    assert (await Driver(engine).claim_one(worker)).id == run_id
    await engine.workers.stop([worker])
    async with open_move(file, url) as (source, target):
        await move(source, target, standing, open_engine=open_it, grace=0, say=print)
        with pytest.raises(Conflict, match="there is in charge"):
            await give_up(source, target, "there")
    there = await open_postgres(url)
    assert await Driver(there).states([run_id]) == [State.READY]
    await there.close()
    other = f"sqlite:///{tmp_path / 'other.db'}"
    await (await open_engine(other, SystemClock())).close()
    async with open_move(other, url) as (source, target):
        with pytest.raises(Conflict, match="name an empty one"):
            await target.begin(source.begin("there", "mov_2"))
    await engine.close()


async def test_what_cannot_be_done_is_refused_before_anything_is(tmp_path: Path, url: str) -> None:
    file = tmp_path / "treadle.db"
    await (await open_engine(f"sqlite:///{file}", SystemClock())).close()
    refused = treadle("migrate", "--to", url, "--grace", "-1", "--data", str(tmp_path))
    assert (refused.returncode, "grace_sec: expected `float` >= 0.0, got -1.0" in refused.stderr) == (2, True)
    nothing = treadle("migrate", "--to", url, "--give-up", "--data", str(tmp_path))
    assert (nothing.returncode, "to give up: none was begun" in nothing.stderr) == (4, True)
    source = SqliteSource(file)
    assert source.standing() is None
    source.begin("postgresql://elsewhere/treadle", "mov_1")
    source.disconnect()
    other = treadle("migrate", "--to", url, "--give-up", "--data", str(tmp_path))
    assert (other.returncode, "goes to postgresql://elsewhere/treadle" in other.stderr) == (4, True)
    await (await open_postgres(url)).close()  # nobody has claimed it for a move


async def test_the_password_is_taken_from_where_postgresql_s_own_programs_take_it(tmp_path: Path) -> None:
    await (await open_engine(f"sqlite:///{tmp_path / 'treadle.db'}", SystemClock())).close()
    with server() as strict:
        connection = await asyncpg.connect(strict.url)
        await connection.execute("CREATE ROLE guest LOGIN PASSWORD 'S3cr/t' CREATEDB")
        await connection.execute("CREATE DATABASE theirs OWNER guest")
        rules = await connection.fetchval("SHOW hba_file")
        await connection.execute(f"COPY (VALUES ('host all guest 127.0.0.1/32 scram-sha-256')) TO '{rules}'")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()
        to = f"postgresql://guest@127.0.0.1:{strict.port}/theirs?sslmode=disable"
        command = ("migrate", "--to", to, "--grace", "0", "--data", str(tmp_path))
        without = treadle(*command, HOME=str(tmp_path))
        assert (without.returncode, "password" in without.stderr) == (3, True)
        done = treadle(*command, PGPASSWORD="S3cr/t")
        assert (done.returncode, "is in charge" in done.stdout) == (0, True), done.stderr


async def test_the_last_lines_of_what_ended_last_are_moved_too(tmp_path: Path, url: str) -> None:
    """A run has ended before its last lines are stored: workers gather them for a moment."""
    file = f"sqlite:///{tmp_path / 'treadle.db'}"
    engine = await open_engine(file, SystemClock())
    driver = Driver(engine)
    (run_id,) = await driver.submit()
    worker = await driver.worker()
    held = await driver.claim_one(worker)
    told = asyncio.Event()

    async def end() -> None:
        await told.wait()
        RunLog(held, buffer).write(Stream.STDOUT, Level.INFO, "the last")
        await driver.settle(worker, held, Succeeded())

    async def open_it() -> Engine:
        return await open_engine(file, SystemClock())

    def hear(said: str) -> None:
        if PHASES[1] in said:
            told.set()

    async with LogBuffer(engine.logs.append) as buffer, open_move(file, url) as (source, target):
        ending = asyncio.create_task(end())
        await move(source, target, source.begin("there", "mov_1"), open_engine=open_it, grace=30, say=hear)
        await ending
    await engine.close()
    there = await open_postgres(url)
    assert await Driver(there).states([run_id]) == [State.COMPLETED]
    assert [line.message for line in await there.logs.read("default", run_id, after=0, limit=9)] == ["the last"]
    await there.close()


async def test_a_table_of_every_kind_is_moved(tmp_path: Path, url: str) -> None:
    """None is forgotten that a later release may add: both sides have the same, but for what is told here."""
    await (await open_engine(f"sqlite:///{tmp_path / 'treadle.db'}", SystemClock())).close()
    await (await open_postgres(url)).close()
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'treadle'::regnamespace AND relkind IN ('r', 'p') "
        "AND NOT relispartition"
    )
    await connection.close()
    source = SqliteSource(tmp_path / "treadle.db")
    moved = {table.name for table in source.tables()}
    source.disconnect()
    assert {row[0] for row in rows} == moved | NOT_MOVED | {"event_batches", "installation", "schema_versions"}


def test_a_tally_knows_nothing_of_order_and_all_of_content() -> None:
    rows = [(1, "a", None), (2, b"b", [3])]
    assert tally(rows) == tally(rows[::-1]) == tally(rows[:1]) + tally(rows[1:])
    assert tally(rows) != tally([(1, "a", None), (2, b"b", [4])])
