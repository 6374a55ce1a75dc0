"""The bare loops on PostgreSQL, each statement a transaction."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg

from benchmarks.measure import Stopwatch
from benchmarks.servers import database_url

_SCHEMA: Final = """
CREATE TABLE queue (id bigserial PRIMARY KEY, state integer NOT NULL DEFAULT 0, payload bytea NOT NULL);
CREATE INDEX queue_ready ON queue (id) WHERE state = 0;
CREATE TABLE history (id bigint PRIMARY KEY, payload bytea NOT NULL, result bytea NOT NULL);
CREATE TABLE events (seq bigserial PRIMARY KEY, run bigint NOT NULL, type text NOT NULL);
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off;
"""
_FILL: Final = "INSERT INTO queue (payload) SELECT $2 FROM generate_series(1, $1::bigint)"
_ADD: Final = """
WITH new AS (INSERT INTO queue (payload) VALUES ($1) RETURNING id)
INSERT INTO events (run, type) SELECT id, 'queued' FROM new
"""
_CLAIM: Final = """
UPDATE queue SET state = 1
WHERE id IN (SELECT id FROM queue WHERE state = 0 ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id
"""
_FINISH: Final = """
WITH done AS (DELETE FROM queue WHERE id = ANY ($1::bigint[]) RETURNING id, payload),
     kept AS (INSERT INTO history (id, payload, result) SELECT id, payload, $2 FROM done)
INSERT INTO events (run, type) SELECT id, 'completed' FROM done
"""
_PAYLOAD: Final = b'{"n":1}'


async def drain(folder: Path, runs: int, batch: int) -> float:
    """See `raw.Loops`."""
    async with _opened(folder) as connection:
        await connection.execute(_FILL, runs, _PAYLOAD)
        with Stopwatch() as watch:
            while claimed := await connection.fetch(_CLAIM, batch):
                await connection.execute(_FINISH, [row[0] for row in claimed], b"1")
    return watch.rate(runs)


async def enqueue(folder: Path, runs: int) -> float:
    """See `raw.Loops`."""
    async with _opened(folder) as connection:
        with Stopwatch() as watch:
            for _ in range(runs):
                await connection.execute(_ADD, _PAYLOAD)
    return watch.rate(runs)


async def waits(folder: Path, runs: int, pace: int) -> list[float]:
    """See `raw.Loops`."""
    taken = []
    async with _opened(folder) as connection:
        began = time.monotonic()
        for number in range(runs):
            await asyncio.sleep(began + number / pace - time.monotonic())
            with Stopwatch() as watch:
                await connection.execute(_ADD, _PAYLOAD)
                await connection.fetch(_CLAIM, 1)
            taken.append(watch.wall / 1000)
    return taken


@asynccontextmanager
async def _opened(folder: Path) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url(folder))
    try:
        await connection.execute(_SCHEMA)
        yield connection
    finally:
        await connection.close()
