"""Procrastinate's side of the cases, in its own environment: `… drain|enqueue URL COUNT` prints JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import psycopg
from procrastinate import App, PsycopgConnector

WARM_UP = 50
CONCURRENCY = 20
"""The fastest of 1, 10, 20, 50 and 100 here."""

SETTLED = "SELECT extract(epoch FROM max(at)), count(*) FROM procrastinate_events WHERE type = 'succeeded'"


async def drain(app: App, url: str, count: int) -> dict[str, float]:
    """From the first start of a handler to the last settle, as its events have it."""
    starts: list[float] = []

    @app.task(name="noop")
    async def noop(n: int) -> int:
        starts.append(time.time())
        return n

    for many in (WARM_UP, count):
        starts.clear()
        await noop.batch_defer_async(*[{"n": 1}] * many)
        await app.run_worker_async(wait=False, concurrency=CONCURRENCY, install_signal_handlers=False)
    async with await psycopg.AsyncConnection.connect(url) as connection:
        row: Any = await (await connection.execute(SETTLED)).fetchone()
    last, settled = row
    assert settled == WARM_UP + count, settled
    return {"drain": count / (float(last) - starts[0])}


async def enqueue(app: App, _url: str, count: int) -> dict[str, float]:
    """Per second, by one caller and in bulk."""

    @app.task(name="noop")
    async def noop(n: int) -> int:
        return n

    await noop.defer_async(n=1)
    began = time.perf_counter()
    for _ in range(count):
        await noop.defer_async(n=1)
    one = time.perf_counter() - began
    began = time.perf_counter()
    for _ in range(20):
        await noop.batch_defer_async(*[{"n": 1}] * 1_000)
    return {"one": count / one, "batched": 20_000 / (time.perf_counter() - began)}


async def main() -> None:
    """Do one case on an empty database."""
    _, case, url, count = sys.argv
    app = App(connector=PsycopgConnector(conninfo=url))
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        print(json.dumps(await {"drain": drain, "enqueue": enqueue}[case](app, url, int(count))))


asyncio.run(main())
