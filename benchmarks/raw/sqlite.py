"""The bare loops on SQLite; of Treadle there is but the function that opens the file."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from pathlib import Path
from typing import Final

import apsw

from benchmarks.measure import Stopwatch
from treadle.engines.sqlite.checkpointer import CHECKPOINT_PAGES
from treadle.engines.sqlite.connection import connect, json_list

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


async def drain(folder: Path, runs: int, batch: int) -> float:
    """See `raw.Loops`."""
    return await asyncio.to_thread(_drain, folder / "raw.db", runs, batch)


async def enqueue(folder: Path, runs: int) -> float:
    """See `raw.Loops`."""
    return await asyncio.to_thread(_enqueue, folder / "raw.db", runs)


async def waits(folder: Path, runs: int, pace: int) -> list[float]:
    """See `raw.Loops`."""
    return await asyncio.to_thread(_waits, folder / "raw.db", runs, pace)


def _drain(path: Path, runs: int, batch: int) -> float:
    with closing(_open(path)) as connection:
        with connection:
            connection.executemany("INSERT INTO queue (payload) VALUES (?)", ((_PAYLOAD,) for _ in range(runs)))
        with Stopwatch() as watch:
            while _claim_and_finish(connection, batch):
                pass
    return watch.rate(runs)


def _enqueue(path: Path, runs: int) -> float:
    with closing(_open(path)) as connection, Stopwatch() as watch:
        for number in range(1, runs + 1):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO queue (id, payload) VALUES (?, ?)", (number, _PAYLOAD))
            connection.execute("INSERT INTO events (run, type) VALUES (?, 'queued')", (number,))
            connection.execute("COMMIT")
    return watch.rate(runs)


def _waits(path: Path, runs: int, pace: int) -> list[float]:
    taken = []
    with closing(_open(path)) as connection:
        began = time.monotonic()
        for number in range(runs):
            time.sleep(max(0.0, began + number / pace - time.monotonic()))
            with Stopwatch() as watch:
                with connection:
                    connection.execute("INSERT INTO queue (payload) VALUES (?)", (_PAYLOAD,))
                with connection:
                    connection.execute(_CLAIM, (1,)).fetchall()
            taken.append(watch.wall / 1000)
    return taken


def _open(path: Path) -> apsw.Connection:
    """As the engine's writer opens its file; the checkpoint comes at the same length of the WAL."""
    connection = connect(path, "FULL", cache_kib=16 * 1024)
    connection.wal_autocheckpoint(CHECKPOINT_PAGES)
    connection.execute(_SCHEMA)
    return connection


def _claim_and_finish(connection: apsw.Connection, batch: int) -> int:
    connection.execute("BEGIN IMMEDIATE")
    claimed = connection.execute(_CLAIM, (batch,)).fetchall()
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
