"""Raw limits: the least that SQLite must do for the same work, on the same library, settings and disk.

Bare tables, one index, one connection, no Treadle but the function that opens the file: whatever the engine adds (ids,
fences, ranks, lines, leases, listing) is what a ratio to these limits tells.
"""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Final

import apsw

from benchmarks.measure import Stopwatch
from treadle.engines.sqlite.checkpointer import CHECKPOINT_PAGES
from treadle.engines.sqlite.connection import connect, json_list

BATCH: Final = 100

_SCHEMA: Final = """
CREATE TABLE queue (id INTEGER PRIMARY KEY, state INTEGER NOT NULL DEFAULT 0, payload BLOB NOT NULL);
CREATE INDEX queue_ready ON queue (id) WHERE state = 0;
CREATE TABLE history (id INTEGER PRIMARY KEY, payload BLOB NOT NULL, result BLOB NOT NULL);
CREATE TABLE events (seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, type TEXT NOT NULL);
"""
_CLAIM: Final = """
UPDATE queue SET state = 1 WHERE id IN (SELECT id FROM queue WHERE state = 0 ORDER BY id LIMIT ?) RETURNING id, payload
"""
_PAYLOAD: Final = b'{"n":1}'


def drain(path: Path, runs: int) -> float:
    """Runs per second of a loop that claims 100, and in the next transaction deletes them and writes what became."""
    with closing(_open(path)) as connection:
        with connection:
            connection.executemany("INSERT INTO queue (payload) VALUES (?)", ((_PAYLOAD,) for _ in range(runs)))
        with Stopwatch() as watch:
            while _claim_and_finish(connection):
                pass
    return watch.rate(runs)


def enqueue(path: Path, runs: int) -> float:
    """Runs per second where each is inserted, with its event, in a transaction of its own."""
    with closing(_open(path)) as connection, Stopwatch() as watch:
        for number in range(1, runs + 1):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO queue (id, payload) VALUES (?, ?)", (number, _PAYLOAD))
            connection.execute("INSERT INTO events (run, type) VALUES (?, 'queued')", (number,))
            connection.execute("COMMIT")
    return watch.rate(runs)


def waits(path: Path, runs: int, pace: int) -> list[float]:
    """Milliseconds to insert a run and then to claim it, each on disk, so many times a second."""
    taken = []
    with closing(_open(path)) as connection:
        began = time.monotonic()
        for number in range(runs):
            time.sleep(max(0.0, began + number / pace - time.monotonic()))
            with Stopwatch() as watch:
                with connection:
                    connection.execute("INSERT INTO queue (payload) VALUES (?)", (_PAYLOAD,))
                with connection:
                    connection.execute(_CLAIM, (BATCH,)).fetchall()
            taken.append(watch.wall / 1000)
    return taken


def _open(path: Path) -> apsw.Connection:
    """As the engine's writer opens its file; the checkpoint comes at the same length of the WAL."""
    connection = connect(path, "FULL", cache_kib=16 * 1024)
    connection.wal_autocheckpoint(CHECKPOINT_PAGES)
    connection.execute(_SCHEMA)
    return connection


def _claim_and_finish(connection: apsw.Connection) -> int:
    connection.execute("BEGIN IMMEDIATE")
    claimed = connection.execute(_CLAIM, (BATCH,)).fetchall()
    connection.execute("COMMIT")
    if not claimed:
        return 0
    connection.execute("BEGIN IMMEDIATE")
    ids = json_list([row[0] for row in claimed])
    connection.execute("DELETE FROM queue WHERE id IN (SELECT value FROM json_each(?))", (ids,))
    connection.executemany(
        "INSERT INTO history (id, payload, result) VALUES (?, ?, ?)", [(*row, b"1") for row in claimed]
    )
    connection.executemany("INSERT INTO events (run, type) VALUES (?, 'completed')", [(row[0],) for row in claimed])
    connection.execute("COMMIT")
    return len(claimed)
