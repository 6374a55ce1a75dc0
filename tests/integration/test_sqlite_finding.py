"""A page of runs costs what the page holds, however long the history is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from treadle.domain.runs import State
from treadle.engines.contract import RunQuery
from treadle.engines.sqlite.connection import connect, migrate
from treadle.engines.sqlite.finding import find

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
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[apsw.Connection]:
    connection = connect(tmp_path / "treadle.db", "NORMAL", cache_kib=1024)
    migrate(connection)
    yield connection
    connection.close()


@pytest.mark.parametrize("question", QUERIES)
def test_a_page_is_read_in_the_order_of_an_index_and_never_sorted(connection: apsw.Connection, question: str) -> None:
    asked: list[tuple[str, apsw.Bindings | None]] = []

    def trace(_cursor: apsw.Cursor, statement: str, values: apsw.Bindings | None) -> bool:
        asked.append((statement, values))
        return True

    connection.exec_trace = trace
    find(connection, RunQuery(domain="default", limit=10, **QUERIES[question]))  # type: ignore[arg-type]
    connection.exec_trace = None
    assert asked
    for statement, values in asked:
        for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values):
            assert "TEMP B-TREE" not in row[3], statement
