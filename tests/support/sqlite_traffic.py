"""A process with an engine of its own on a SQLite file: `python -m tests.support.sqlite_traffic WHAT FILE [COUNT]`.

Each says on its standard output what it was told by the engine, a line at a time, and only once it was told.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from treadle.domain.clashes import Unique
from treadle.domain.errors import Unavailable
from treadle.domain.instants import DAY
from treadle.domain.limits import Limits
from treadle.domain.outcomes import Succeeded
from treadle.domain.runs import State
from treadle.domain.states import Transition
from treadle.engines.contract import Engine, RunQuery, Topic
from treadle.engines.sqlite.engine import open_sqlite
from treadle.system import SystemClock
from treadle.testing.driver import Driver

FOREVER: Final = 600.0
BATCH: Final = 10
KIB: Final = b'"%s"' % (b"x" * 1022)


def say(*words: str) -> None:
    """Tell the test."""
    print(*words, flush=True)


async def hear() -> str:
    """The next line from the test; empty once there are no more."""
    line: str = await asyncio.to_thread(sys.stdin.readline)
    return line.strip()


async def submit(engine: Engine, count: int) -> None:
    """Submit batches until `count` runs are accepted; says their ids."""
    drive = Driver(engine)
    for _ in range(count // BATCH):
        drive.now = engine.now()
        say(*await drive.submit(BATCH, inputs=KIB))


async def submit_the_same(engine: Engine, count: int) -> None:
    """Submit runs with one unique key, as many as `count`; says the ids of those that stand for them."""
    drive = Driver(engine)
    limits = Limits(unique=Unique(key="k"))
    await asyncio.gather(*(_submit_one(drive, limits) for _ in range(count)))


async def _submit_one(drive: Driver, limits: Limits) -> None:
    say(*await drive.submit(limits=limits))


async def fill(engine: Engine, count: int) -> None:
    """The same with large inputs, and without a word of each."""
    for _ in range(count):
        await Driver(engine).submit(inputs=b'"%s"' % (b"x" * 64 * 1024))


async def work(engine: Engine, count: int) -> None:
    """Execute runs until `count` are completed in all; says the ids of its own."""
    notices = engine.listen(Topic.RUNS, Topic.EVENTS)
    drive = Driver(engine)
    worker = await drive.worker(lease=DAY)
    done: list[Transition] = []
    while True:
        drive.now = engine.now()
        step = await engine.runs.step(worker, done, BATCH, now=drive.now)
        assert step.refused == ()
        say(*(transition.run.id for transition in done))
        done = [drive.outcome(claim, Succeeded(), worker) for claim in step.claims]
        if not done:
            if len(await engine.runs.find(RunQuery(domain="default", states=(State.COMPLETED,), limit=count))) == count:
                return
            await notices.wait(FOREVER)


async def listen(engine: Engine, _: int) -> None:
    """Says what it was woken by."""
    notices = engine.listen(Topic.RUNS)
    say("listening")
    say(*await notices.wait(FOREVER))


async def submit_when_told(engine: Engine, _: int) -> None:
    """For each line that it hears, submits a run and says its id, or that it was refused."""
    say("open")
    while await hear():
        try:
            say(*await Driver(engine).submit())
        except Unavailable as error:
            say("refused", error.code)


WHATS: Final[dict[str, Callable[[Engine, int], Coroutine[Any, Any, None]]]] = {
    what.__name__: what for what in (submit, submit_the_same, fill, work, listen, submit_when_told)
}


async def main(what: str, file: str, count: str = "0") -> None:
    """Open the file once told to, and do it."""
    say("ready")
    await hear()
    engine = await open_sqlite(Path(file), SystemClock())
    try:
        await WHATS[what](engine, int(count))
    finally:
        await engine.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
