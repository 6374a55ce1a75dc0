"""A history of many runs, made inside SQLite: through the engine it would take an hour."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Final

import apsw

from benchmarks.measure import say
from treadle.domain.histograms import bin_of
from treadle.domain.instants import DAY, HOUR, MILLISECOND, Instant
from treadle.domain.json import encode
from treadle.domain.runs import DEFAULT_DOMAIN, DEFAULT_QUEUE
from treadle.domain.stats import EVERYTHING, Tally, job_series, queue_series
from treadle.engines.sqlite.connection import connect, fetch

JOBS: Final = 100
FAILED_ONE_IN: Final = 50

SPAN: Final = 29 * DAY
CHUNK: Final = 500_000
_CACHE_KIB: Final = 512 * 1024
_TRUNCATE: Final = apsw.SQLITE_CHECKPOINT_TRUNCATE

_CHANGED: Final = {
    "id": "printf('run_%012x7%019x', created / 1000, n)",
    "job_id": f"printf('bench.job.%02d', n % {JOBS})",
    "state": f"CASE WHEN n / {JOBS} % {FAILED_ONE_IN} = 0 THEN 'failed' ELSE 'completed' END",
    "created_at": "created",
    "due_at": "created",
    "rank": "created",
    "started_at": "created + 2000",
    "finished_at": "created + 5000",
}
"""What tells the copies apart; `n` counts them. All else, and whatever columns come to be, is as in the first run."""


def tallies(rows: int, now: Instant) -> list[tuple[str, str, int, Instant, str]]:
    """What such a history adds up to, as rows of the table: of the domain, its queue and each job, by the hour."""
    hours = [at // HOUR * HOUR for at in range(now - SPAN - DAY, now - DAY, HOUR)]
    series = {EVERYTHING: rows, queue_series(DEFAULT_QUEUE): rows}
    series |= {job_series(f"bench.job.{number:02}"): rows // JOBS for number in range(JOBS)}
    filled = []
    for name, ended in series.items():
        each = -(-ended // len(hours))
        bins = {bin_of(3 * MILLISECOND << place): -(-each // 10) for place in range(10)}
        failed = each // FAILED_ONE_IN
        text = encode(Tally(completed=each - failed, failed=failed, durations=bins, waits=bins)).decode()
        filled += [(DEFAULT_DOMAIN, name, HOUR, at, text) for at in hours]
    return filled


def fill_tallies(path: Path, rows: int, now: Instant) -> None:
    """Write down what a history of so many rows adds up to."""
    with closing(connect(path, "FULL", cache_kib=_CACHE_KIB)) as connection, connection:
        connection.executemany(
            "INSERT INTO tallies (domain, series, step, at, tally) VALUES (?, ?, ?, ?, ?)", tallies(rows, now)
        )


def fill_history(path: Path, rows: int, now: Instant) -> None:
    """Copy the one run that history holds, `rows` times, spread over the month before. Nothing else may be at work."""
    with closing(connect(path, "NORMAL", cache_kib=_CACHE_KIB)) as connection:
        connection.pragma("synchronous", "OFF")
        columns = [str(row[1]) for row in fetch(connection, "PRAGMA table_info(history)") if row[1] != "seq"]
        ((first,),) = fetch(connection, "SELECT min(seq) FROM history")
        statement = f"""
            WITH RECURSIVE counted (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM counted WHERE n < ?2),
                 spread AS (SELECT n, ?3 + n * ({SPAN} / ?4) AS created FROM counted)
            INSERT INTO history ({", ".join(columns)})
            SELECT {", ".join(_CHANGED.get(column, f"history.{column}") for column in columns)}
            FROM spread CROSS JOIN history WHERE history.seq = ?5
        """  # noqa: S608 - made of the schema's names
        for start in range(1, rows + 1, CHUNK):
            end = min(start + CHUNK - 1, rows)
            connection.execute(statement, (start, end, now - SPAN - DAY, rows, first))
            if end == rows:
                connection.pragma("synchronous", "FULL")  # flushes it all, lest whoever measures has to
            connection.wal_checkpoint(mode=_TRUNCATE)
            say(f"  history holds {end:,} of {rows:,} rows")
