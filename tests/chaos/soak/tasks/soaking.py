"""Handlers that write down, in a ledger of their own, that they begin and that they came to their end."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from treadle import JobContext, job
from treadle.testing.history import Entry, Word, append

LONGEST_SECONDS: Final = 0.02


@contextmanager
def noted(ctx: JobContext, key: str) -> Iterator[None]:
    """Note both; what raises or is killed within has not come to its end."""
    note(ctx, Word.BEGUN, key)
    yield
    note(ctx, Word.ENDED, key)


def note(ctx: JobContext, word: Word, key: str) -> None:
    """Write one entry."""
    entry = Entry(ctx.run_id, ctx.token, ctx.attempt, word, time.time_ns() // 1000, key)
    append(Path(os.environ["TREADLE_TEST_LEDGER"]), entry)


@job("soak.plain")
async def plain(ctx: JobContext, key: str) -> str:
    with noted(ctx, key):
        await asyncio.sleep(random.uniform(0, LONGEST_SECONDS))
    return key


@job("soak.thread")
def thread(ctx: JobContext, key: str) -> str:
    with noted(ctx, key):
        time.sleep(random.uniform(0, LONGEST_SECONDS))
    return key


@job("soak.flaky", max_retries=3, backoff=[0.05])
async def flaky(ctx: JobContext, key: str) -> str:
    """Fails at its first attempt."""
    with noted(ctx, key):
        if ctx.attempt == 1:
            raise ConnectionError
    return key


@job("soak.narrow", concurrency_key="{lane}", concurrency_limit=1)
async def narrow(ctx: JobContext, key: str, lane: str) -> str:
    return await plain(ctx, key)


@job("soak.tick", interval_seconds=0.5, allow_overlap=True, misfire={"policy": "all", "grace_sec": 3600})
async def tick(ctx: JobContext) -> None:
    with noted(ctx, ""):
        pass
