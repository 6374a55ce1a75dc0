"""pgqueuer's side of the cases, in its own environment: `… drain|enqueue URL COUNT` prints JSON."""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode

BATCH = 200
"""The fastest of 10, 50, 100, 200, 500 and 1,000 here."""

WARM_UP = 500
BULK = 1_000
SETTLED = "SELECT extract(epoch FROM max(created)), count(*) FROM pgqueuer_log WHERE status = 'successful'"


async def drain(connection: asyncpg.Connection, count: int) -> dict[str, float]:
    """From the first start of a handler to the last settle, as the log has it."""
    await _drain(connection, WARM_UP)
    first = await _drain(connection, count)
    last, settled = await connection.fetchrow(SETTLED)
    assert settled == WARM_UP + count, settled
    return {"drain": count / (float(last) - first)}


async def _drain(connection: asyncpg.Connection, count: int) -> float:
    await Queries.from_asyncpg_connection(connection).enqueue(["noop"] * count, [b'{"n":1}'] * count, [0] * count)
    worker = PgQueuer.from_asyncpg_connection(connection)
    first = 0.0

    @worker.entrypoint("noop")
    async def noop(job: Job) -> None:
        nonlocal first
        first = first or time.time()
        json.loads(job.payload or b"")

    await worker.run(timedelta(seconds=1), batch_size=BATCH, mode=QueueExecutionMode.drain)
    return first


async def enqueue(connection: asyncpg.Connection, count: int) -> dict[str, float]:
    """Per second, by one caller and in bulk."""
    queries = Queries.from_asyncpg_connection(connection)
    await queries.enqueue("noop", b'{"n":1}')
    began = time.perf_counter()
    for _ in range(count):
        await queries.enqueue("noop", b'{"n":1}')
    one = time.perf_counter() - began
    began = time.perf_counter()
    for _ in range(50):
        await queries.enqueue(["noop"] * BULK, [b'{"n":1}'] * BULK, [0] * BULK)
    return {"one": count / one, "batched": 50 * BULK / (time.perf_counter() - began)}


async def main() -> None:
    """Do one case on an empty database."""
    _, case, url, count = sys.argv
    connection = await asyncpg.connect(url)
    await Queries.from_asyncpg_connection(connection).install()
    print(json.dumps(await {"drain": drain, "enqueue": enqueue}[case](connection, int(count))))
    await connection.close()


uvloop.run(main())
