"""Milliseconds that calls take while hundreds of streams of events are open that nobody reads, over loopback.

Half of the calls submit a run, of which every stream is told; half list runs. They are made at fixed moments, whether
those before them were answered or not, at three servers at the same time, so that what else the machine does falls on
all alike: one without streams (`alone`), one whose streams' connections still take what is sent (`told`), and one whose
streams take nothing any more and wait to be cut off (`stalled`).
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.doors import Caller, api, define_job, request
from benchmarks.engines import NOOP
from benchmarks.measure import Figures, Options, Report, at_most, interleave, medians, percentile
from treadle.domain.json import encode

NUMBERS: Final[Mapping[str, int]] = {"readers": 500, "calls": 240, "rate": 40}

_MOST: Final = 2.0
_FIRST: Final = 40
_FILLING_BYTES: Final = 200_000
_FILLING: Final = 3


async def run(options: Options) -> Report:
    """See the module."""
    readers, calls, rate = (options.numbers[name] for name in ("readers", "calls", "rate"))

    async def part(_round: int) -> Figures:
        async with AsyncExitStack() as stack:
            alone, told, stalled = [await stack.enter_async_context(_api(options, readers)) for _ in range(3)]
            for port in (told, stalled):
                stack.enter_context(_unread(port, readers))
            await _fill(stalled)
            await _together(_FIRST, rate, alone, told, stalled)  # everything loaded, everything told
            found = await _together(calls, rate, alone, told, stalled)
        return {
            f"{name}_p{percent}": percentile(taken, percent)
            for name, taken in zip(("alone", "told", "stalled"), found, strict=True)
            for percent in (50, 99)
        }

    spreads = await interleave({"ms": part}, options.rounds)
    figures = medians(spreads)
    goals = {
        name: at_most(figures[name], _MOST * figures["ms_alone_p99"]) for name in ("ms_told_p99", "ms_stalled_p99")
    }
    return Report(figures=figures, goals=goals, spreads=spreads, settings={**options.numbers, **options.store})


@asynccontextmanager
async def _api(options: Options, readers: int) -> AsyncIterator[int]:
    with TemporaryDirectory(dir=options.folder) as folder:
        await define_job(options.engine, Path(folder))
        async with api(options.engine, Path(folder), {"TREADLE_MAX_STREAMS_PER_CALLER": str(readers)}) as port:
            yield port


async def _together(calls: int, rate: int, *ports: int) -> list[list[float]]:
    return await asyncio.gather(*(_latencies(port, calls, rate) for port in ports))


@contextmanager
def _unread(port: int, count: int) -> Iterator[None]:
    """Streams of events that are open, and of which nothing is read."""
    with ExitStack() as stack:
        for _ in range(count):
            reader = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            reader.sendall(request("/events", accept="text/event-stream"))
            assert reader.recv(12) == b"HTTP/1.1 200"
        yield


async def _fill(port: int) -> None:
    """Tell so much that no connection takes any more."""
    publish = Caller(port, "/events", encode({"name": "noise", "data": {"x": "x" * _FILLING_BYTES}}))
    for _ in range(_FILLING):
        await publish()


async def _latencies(port: int, calls: int, rate: int) -> list[float]:
    """Milliseconds from the moment at which each call was due to its answer."""
    body = encode({"inputs": {"n": 1}})
    made = (lambda: Caller(port, f"/jobs/{NOOP}/run", body), lambda: Caller(port, "/runs?limit=20"))
    free: tuple[list[Caller], list[Caller]] = ([], [])
    taken: list[float] = []

    async def call(kind: int, due: float) -> None:
        caller = free[kind].pop() if free[kind] else made[kind]()
        await caller()
        taken.append((time.perf_counter() - due) * 1_000)
        free[kind].append(caller)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(calls):
            due = began + number / rate
            await asyncio.sleep(max(due - time.perf_counter(), 0.0))
            group.create_task(call(number % 2, due))
    return taken
