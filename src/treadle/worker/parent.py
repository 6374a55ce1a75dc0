"""A worker's parent: starts the processes that run user code, renews their leases, and kills what must end.

It runs no user code itself, so nothing that user code does can keep a lease from being renewed or a run from ending.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Collection
from contextlib import suppress
from typing import Final

import structlog

from treadle.domain.states import settle
from treadle.domain.work import decode_work
from treadle.engines.contract import Engine
from treadle.settings import Settings
from treadle.system import Clock, IdSource, chance
from treadle.worker.children import Child
from treadle.worker.heartbeat import Heartbeat
from treadle.worker.patience import until_available
from treadle.worker.tallies import Tallies

BOARD_SECONDS: Final = 0.25
"""How often the boards are looked at."""

STOP_MARGIN_SECONDS: Final = 5.0
"""What a child has beyond its grace to settle and say goodbye, and then this process to settle what it left."""

_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 10.0
_STABLE_SECONDS: Final = 30.0

_logger = structlog.get_logger(__name__)


class Parent:
    """Keeps `settings.processes` children going until `stopping` is set; then they may finish within the grace, and
    until `hurrying` is set.

    A child that was told to drain ends once it is empty, and no other takes its place; without any left, so does this.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        clock: Clock,
        stopping: asyncio.Event,
        hurrying: asyncio.Event,
        tallies: Tallies,
    ) -> None:
        """`tallies` is told of the children, so that they can be asked what they counted."""
        self.tallies = tallies
        self._engine = engine
        self._settings = settings
        self._ids = IdSource(clock)
        self._stopping = stopping
        self._hurrying = hurrying
        self._children: dict[str, Child] = {}
        self._heartbeat = Heartbeat(engine, settings, self._children)
        self._keepers: set[asyncio.Task[None]] = set()
        self._group = asyncio.TaskGroup()

    async def run(self) -> None:
        """Run until stopped and every child has ended."""
        async with self._group as group:
            helpers = {group.create_task(self._heartbeat.run()), group.create_task(self._watch_boards())}
            keepers = self._keepers
            self._start_keepers(self._settings.processes)
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.renew)
            emptied = group.create_task(_all_done(keepers))
            stopped, hurried = group.create_task(self._stopping.wait()), group.create_task(self._hurrying.wait())
            await asyncio.wait([emptied, stopped], return_when=asyncio.FIRST_COMPLETED)
            for child in self._children.values():
                child.signal(signal.SIGTERM)
            patience = self._settings.grace_sec + STOP_MARGIN_SECONDS
            await asyncio.wait([emptied, hurried], timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            for child in self._children.values():
                child.kill({})
            await asyncio.wait([emptied], timeout=STOP_MARGIN_SECONDS)
            late = {keeper for keeper in keepers if not keeper.done()}
            if late:
                _logger.error("what the worker held could not be given back: it will be once the lease has ended")
            for task in {*helpers, emptied, stopped, hurried, *late}:
                task.cancel()

    def renew(self) -> None:
        """Let children of the present code take the place of those that are there, which end once they are empty."""
        old = [child for child in self._children.values() if not child.draining]
        self._start_keepers(sum(child.ready for child in old))
        for child in old:
            if child.ready:
                child.drain()
            else:
                child.kill({})  # it has begun nothing, and may have read old files: its keeper starts another

    def _start_keepers(self, count: int) -> None:
        self._keepers.update(self._group.create_task(self._keep_child()) for _ in range(count))

    async def _keep_child(self) -> None:
        """One child after the other; a pause before the next that grows while they die young."""
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                ended = await self._one_child()
            except OSError as error:
                ended = f"could not be started: {error}"
            if ended is None or self._stopping.is_set():
                return
            pause = _FIRST_PAUSE if time.monotonic() - began > _STABLE_SECONDS else pause
            _logger.warning("worker process ended, starting another", ended=ended, in_sec=pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _one_child(self) -> str | None:
        """The life of a child, and what is left to do after it; answers how it ended, None where it had drained."""
        child = Child(self._ids("wrk"), self._settings.concurrency)
        self._children[child.worker_id] = child
        self.tallies.add(child.tally)
        try:
            code = await child.live(self._settings)
            del self._children[child.worker_id]
            await until_available("settle", lambda: self._settle_left(child, code))
        finally:
            self._children.pop(child.worker_id, None)
            self.tallies.end(child.tally)
            child.close()
        if child.draining:
            _logger.info("worker process drained", worker_id=child.worker_id)
            return None
        return f"{child.worker_id} with {code}"

    async def _settle_left(self, child: Child, code: int) -> None:
        """Settle what a child held when it ended. It is known to be dead: nobody need wait for its lease.

        The lease is ended last: while it lives, no sweeper takes for lost what is known better here.
        """
        held = [claim for _, claim, _ in await self._engine.runs.held_by([child.worker_id])]
        outcomes = child.came_to(held, code)
        await self._engine.runs.settle(
            [
                settle(
                    claim,
                    decode_work(claim.work),
                    outcomes[claim.id],
                    now=self._engine.now(),
                    chance=chance(),
                    worker_id=None,
                    started_at=claim.claimed_at,
                )
                for claim in held
            ]
        )
        await self._engine.workers.stop([child.worker_id])

    async def _watch_boards(self) -> None:
        while True:
            # Judged by the moment before the pause: what held up this process has held up its children too, and they
            # are given one whole pause in which to end what became overdue meanwhile.
            before = time.monotonic()
            await asyncio.sleep(BOARD_SECONDS)
            for child in list(self._children.values()):
                if child.killed_for is None and (overdue := child.board.overdue(before)):
                    _logger.warning("runs did not end in time, ending their process", runs=sorted(overdue))
                    child.kill(overdue)


async def _all_done(tasks: Collection[asyncio.Task[None]]) -> None:
    """Returns once all are done, also those that are added meanwhile."""
    while left := [task for task in tasks if not task.done()]:
        await asyncio.wait(left)
