"""What is asked of runs costs what the answer holds, however many wait or are in history."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from treadle.domain.clashes import Debounce, OnClash, Unique
from treadle.domain.instants import SECOND
from treadle.domain.limits import Lane, Limits, RateLimit
from treadle.domain.outcomes import Succeeded
from treadle.domain.overlap import Overlap
from treadle.domain.priority import Priority
from treadle.domain.queues import QueueState
from treadle.domain.rates import Rate
from treadle.domain.runs import State
from treadle.engines.contract import MessageQuery, RunQuery
from treadle.engines.sqlite.connection import connect, fetch, migrate
from treadle.engines.sqlite.engine import open_sqlite
from treadle.engines.sqlite.finding import find, find_dead, get
from treadle.engines.sqlite.queries import load
from treadle.system import SystemClock
from treadle.testing.driver import Driver, firing, interval_schedule, new_run, saving

QUERIES = {
    "all": {},
    "of a job": {"job_ids": ("a",)},
    "of jobs": {"job_ids": ("a", "b")},
    "failed": {"states": (State.FAILED,)},
    "failed or cancelled": {"states": (State.FAILED, State.CANCELLED)},
    "completed": {"states": (State.COMPLETED,)},
    "of any state": {"states": tuple(State)},
    "failed of a job": {"states": (State.FAILED,), "job_ids": ("a",)},
    "of a queue": {"queues": ("a",)},
    "after a cursor": {"before": "run_f"},
    "of a time": {"created_after": 1, "created_before": 2},
    "that ended then": {"finished_after": 1, "finished_before": 2},
    "failed ones of a job that ended then": {"states": (State.FAILED,), "job_ids": ("a",), "finished_after": 1},
}

LOOKS = re.compile(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b")
READS_ALL = re.compile(
    r"SCAN (runs|slots|history|events|logs|attempts|keys|messages)\b"
    r"(?! USING COVERING INDEX (runs_held|messages_leased))"
    r"|INDEX (runs|history)_job \(domain=\?\)|INDEX messages_\w+ \(domain=\?\)"
)
"""What a plan says where it goes through all rows of a table, or through all of a domain; runs at work are few."""


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[apsw.Connection]:
    connection = connect(tmp_path / "treadle.db", "NORMAL", cache_kib=1024)
    migrate(connection)
    yield connection
    connection.close()


def plans(connection: apsw.Connection, ask: Callable[[], object]) -> list[str]:
    """How SQLite goes about each statement of a question."""
    asked: list[tuple[str, apsw.Bindings | None]] = []

    def trace(_cursor: apsw.Cursor, statement: str, values: apsw.Bindings | None) -> bool:
        asked.append((statement, values))
        return True

    connection.exec_trace = trace
    ask()
    connection.exec_trace = None
    assert asked
    return [
        "; ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values))
        for statement, values in asked
    ]


@pytest.mark.parametrize("question", QUERIES)
def test_a_page_is_read_in_the_order_of_an_index_and_never_sorted(connection: apsw.Connection, question: str) -> None:
    query = RunQuery(domain="default", limit=10, **QUERIES[question])  # type: ignore[arg-type]
    for plan in plans(connection, lambda: find(connection, query)):
        assert "TEMP B-TREE" not in plan


def test_what_ended_at_other_times_is_passed_over_by_its_row(connection: apsw.Connection) -> None:
    query = RunQuery(domain="default", limit=10, finished_after=1)
    looked_up, found = plans(connection, lambda: find(connection, query))
    assert "USING COVERING INDEX history_finished (finished_at>?" in looked_up
    assert "USING INDEX sqlite_autoindex_history_1" in found


@pytest.mark.parametrize(
    ("question", "index"),
    [("all", "dead"), ("of a job", "dead_job"), ("of jobs", "dead_job"), ("of a queue", "dead_queue")],
)
def test_dead_letters_are_read_from_an_index_of_nothing_else(
    connection: apsw.Connection, question: str, index: str
) -> None:
    query = RunQuery(domain="default", limit=10, **QUERIES[question])  # type: ignore[arg-type]
    for plan in plans(connection, lambda: find_dead(connection, query)):
        assert f"USING INDEX history_{index} (" in plan
        assert "TEMP B-TREE" not in plan


def test_runs_are_read_by_their_ids(connection: apsw.Connection) -> None:
    for plan in plans(connection, lambda: get(connection, "default", ["run_1"])):
        assert "(id=?)" in plan


@pytest.mark.parametrize(
    ("file", "statement", "key"),
    [
        ("runs", "finished_states", "(id=?)"),
        ("runs", "cancel_candidates", "(id=?)"),
        ("schedules", "earlier", "(schedule_id=?)"),
    ],
)
def test_a_statement_about_some_runs_reads_no_others(
    connection: apsw.Connection, file: str, statement: str, key: str
) -> None:
    (plan,) = plans(connection, lambda: fetch(connection, load(file)[statement], ("default", "[]")))
    assert key in plan


async def test_no_verb_reads_all_runs_to_find_some(
    connection: apsw.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, apsw.Bindings | None] = {}

    def trace(_cursor: apsw.Cursor, statement: str, values: apsw.Bindings | None) -> bool:
        asked[statement] = values
        return True

    monkeypatch.setattr(apsw, "connection_hooks", [lambda opened: setattr(opened, "exec_trace", trace)])
    engine = await open_sqlite(tmp_path / "traced.db", SystemClock())
    asked.clear()  # of what it takes to open a file
    drive = Driver(engine)
    worker = await drive.worker()
    ids = await drive.submit(3)
    await engine.runs.ahead("default", ids[2], 10)
    await engine.queues.limit("default", "default", Rate(5, SECOND))
    await engine.queues.find("default")
    await engine.domains.find()
    await engine.dead_letters.discard("default", ids, by="me")
    limited = Limits(lanes=(Lane("a", 1), Lane("b", 2)), rates=(RateLimit("c", Rate(5, SECOND)),))
    slots = await drive.submit(4, limits=limited)
    await drive.submit(2, limits=limited, priority=Priority.HIGH)
    await drive.submit(2, limits=limited, queue="paused")
    await engine.runs.ahead("default", slots[2], 10)
    await engine.runs.cancel("default", slots)
    await engine.queues.switch("default", "paused", QueueState.PAUSED)
    for _ in range(2):
        await engine.lanes.step_aside(9)
        await engine.queues.switch("default", "paused", QueueState.OPEN)
    await engine.lanes.tend(9)
    await engine.lanes.set_limit("default", "b", 3)
    await engine.lanes.find("default")
    await engine.lanes.get("default", ["a"])
    await engine.lanes.rates("default", ["c"])
    messages = await drive.put(3, key="a")
    claim = await drive.claim_one(worker)
    await drive.take(claim, preserve_order=True)
    await drive.settle(worker, claim, Succeeded())
    await engine.messages.get("default", messages)
    await engine.messages.retry("default", messages)
    await engine.messages.discard("default", messages)
    await engine.messages.find(MessageQuery(domain="default", limit=9))
    await engine.messages.find(MessageQuery(domain="default", limit=9, types=("mail",)))
    await engine.messages.awaited(9)
    await engine.messages.start([new_run(drive.now)])
    await engine.messages.prune(drive.now, 9)
    await engine.runs.cancel("default", ids)
    await engine.runs.get("default", ids)
    await engine.runs.attempts("default", ids[0])
    await engine.runs.held_by([worker])
    await engine.workers.renew([worker], SECOND)
    unique = Limits(unique=Unique(key="k", on_clash=OnClash.REPLACE))
    await drive.submit(2, limits=unique)
    await drive.submit(2, debounce=Debounce(wait_sec=9, key="k"), delay=SECOND)
    schedule = interval_schedule(drive.now, every=SECOND, overlap=Overlap.REPLACE)
    await engine.documents.save(saving(drive.now, schedule))
    await engine.schedules.fire([firing(schedule, drive.now + SECOND)], now=drive.now + SECOND)
    await engine.runs.prune(drive.now, 9)
    await engine.logs.read("default", ids[0], after=0, limit=1)
    await engine.close()
    connection.execute(load("runs")["create_settling"])
    looked_at = {statement: values for statement, values in asked.items() if LOOKS.match(statement)}
    assert len(looked_at) > 20
    for statement, values in looked_at.items():
        for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values):
            assert not READS_ALL.search(row[3]), statement
