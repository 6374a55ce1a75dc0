"""examples/access-log-report: the report says what SQL says of the same log, read in another way."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.examples.conftest import EXAMPLES
from tests.support.product import Product, said

LINES = 50_000


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("log") / "access.log"
    script = EXAMPLES / "access-log-report" / "make_log.py"
    subprocess.run([sys.executable, script, file, "--lines", str(LINES)], check=True)
    return file


@pytest.fixture(scope="module")
def requests(log: Path) -> sqlite3.Connection:
    """The log as a table: cut at quotes and blanks, where the example has a regular expression."""
    table = sqlite3.connect(":memory:")
    table.execute("CREATE TABLE request (hour TEXT, path TEXT, status TEXT, bytes INTEGER, seconds REAL)")
    for line in log.read_text().split("\n"):
        parts = line.replace('\\"', "'").split('"')
        if len(parts) == 7 and parts[0][-29:-28] == "[" and parts[0][-28:-26].isdigit():
            day, hour, *_ = parts[0][-28:].split(":")
            status, size = parts[2].split()
            row = (f"{day} {hour}h", parts[1].split()[1], status, size.replace("-", "0"), float(parts[6]))
            table.execute("INSERT INTO request VALUES (?, ?, ?, ?, ?)", row)
    return table


@pytest.fixture(scope="module")
def report(product: Product, log: Path) -> dict[str, Any]:
    run = product.run("access-log.report", {"path": str(log)})
    assert run["status"] == "completed"
    assert ("log", "read the log") in said(run)
    answer: dict[str, Any] = run["result"]
    return answer


def test_every_line_is_counted_once(report: dict[str, Any], requests: sqlite3.Connection) -> None:
    count, sent = requests.execute("SELECT count(*), sum(bytes) FROM request").fetchone()
    assert (report["requests"], report["bytes"]) == (count, sent)
    assert report["malformed"] == LINES - count > 50


def test_hits_by_status(report: dict[str, Any], requests: sqlite3.Connection) -> None:
    hits = dict(requests.execute("SELECT status, count(*) FROM request GROUP BY status"))
    assert report["hits_by_status"] == hits
    assert hits.keys() == {"200", "301", "304", "404", "500", "503"}


def test_top_paths(report: dict[str, Any], requests: sqlite3.Connection) -> None:
    top = requests.execute("SELECT path, count(*) AS hits FROM request GROUP BY path ORDER BY hits DESC LIMIT 5")
    assert [(each["path"], each["hits"]) for each in report["top_paths"]] == top.fetchall()


def test_slowest_paths(report: dict[str, Any], requests: sqlite3.Connection) -> None:
    ranked = """
        SELECT path, min(seconds) AS p95 FROM (
            SELECT path, seconds, cume_dist() OVER (PARTITION BY path ORDER BY seconds) AS share FROM request
        ) WHERE share >= 0.95 GROUP BY path ORDER BY p95 DESC LIMIT 5
    """
    slowest = requests.execute(ranked).fetchall()
    assert [(each["path"], each["p95_sec"]) for each in report["slowest_paths"]] == slowest
    assert slowest[0][0] == "/checkout"


def test_error_rate_by_hour(report: dict[str, Any], requests: sqlite3.Connection) -> None:
    rates = dict(requests.execute("SELECT hour, round(avg(status >= '500'), 4) FROM request GROUP BY hour"))
    assert report["error_rate_by_hour"] == pytest.approx(rates, abs=0.0001)
    assert len(rates) == 48
    assert {hour[-3:] for hour, rate in rates.items() if rate > 0.1} == {"14h"}


def test_a_log_that_is_not_there_is_named(product: Product) -> None:
    run = product.run("access-log.report", {"path": "/no/such/access.log"})
    assert run["status"] == "failed"
    assert "/no/such/access.log" in run["error"]["message"]
