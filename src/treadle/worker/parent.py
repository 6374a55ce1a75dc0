"""A worker's parent: starts the processes that run user code, renews their leases, and kills what must end.

It runs no user code itself, so nothing that user code does can keep a lease from being renewed or a run from ending.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Final

import msgspec
import structlog

from treadle.domain.errors import TreadleError, Unavailable
from treadle.domain.instants import from_seconds, to_seconds
from treadle.domain.outcomes import Cancelled, Lost, Outcome, Released
from treadle.domain.runs import Claim
from treadle.domain.states import settle
from treadle.domain.work import decode_work
from treadle.engines.contract import Engine
from treadle.settings import Settings
from treadle.system import Clock, IdSource, chance
from treadle.worker.board import Board, Why
from treadle.worker.control import READY, kill_groups
from treadle.worker.runner import timed_out

BOARD_SECONDS: Final = 0.25
"""How often the board is looked at."""

STOP_MARGIN_SECONDS: Final = 5.0
"""What a child has beyond its grace to settle and say goodbye."""

_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 10.0
_STABLE_SECONDS: Final = 30.0

_logger = structlog.get_logger(__name__)


class Child:
    """A process that runs user code, and what its parent knows of it."""

    def __init__(self, worker_id: str, board: Board) -> None:
        self.worker_id = worker_id
        self.board = board
        self.ready = False
        self.groups: set[int] = set()
        self.killed_for: dict[str, Why] | None = None
        self.process: asyncio.subprocess.Process | None = None
        self.started = time.monotonic()

    async def start(self, settings: Settings) -> asyncio.StreamReader:
        """Start the process; answers the line on which it speaks."""
        ours, theirs = socket.socketpair()
        environment = os.environ | {
            "TREADLE_RUN_WORKER": msgspec.json.encode(
                {
                    "settings": settings,
                    "worker_id": self.worker_id,
                    "board": self.board.fd,
                    "control": theirs.fileno(),
                }
            ).decode()
        }
        try:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "treadle.worker.child",
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(self.board.fd, theirs.fileno()),
            )
        finally:
            theirs.close()
        reader, self._writer = await asyncio.open_connection(sock=ours)
        return reader

    def kill(self, why: dict[str, Why]) -> None:
        """End the process at once. `why` names the runs on whose account; the others in it are not to blame."""
        if self.killed_for is None:
            self.killed_for = why
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if the process is there."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)

    def close(self) -> None:
        """Let go of what the process was given, and end what it left behind."""
        kill_groups(self.groups)
        self.board.close()
        self._writer.close()


class Parent:
    """Keeps `settings.processes` children going until told to stop."""

    def __init__(self, engine: Engine, settings: Settings, clock: Clock) -> None:
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self._ids = IdSource(clock)
        self._children: dict[str, Child] = {}
        self._stopping = asyncio.Event()
        self._renewed = time.monotonic()

    def stop(self) -> None:
        """Let the children finish what they run, within the grace."""
        self._stopping.set()

    async def run(self) -> None:
        """Run until `stop` was called and every child has ended."""
        helpers = [asyncio.create_task(self._renew()), asyncio.create_task(self._watch_boards())]
        stopper = asyncio.create_task(self._stop_children())
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._settings.processes):
                    group.create_task(self._keep_child())
        finally:
            for task in (*helpers, stopper):
                task.cancel()

    async def _keep_child(self) -> None:
        """One child after the other; a pause before the next that grows while they die young."""
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            child = Child(self._ids("wrk"), Board.create(self._settings.concurrency))
            self._children[child.worker_id] = child
            try:
                code = await self._live(child)
            finally:
                del self._children[child.worker_id]
            await self._settle_left(child, code)
            if self._stopping.is_set():
                return
            lived = time.monotonic() - child.started
            pause = _FIRST_PAUSE if lived > _STABLE_SECONDS else pause
            _logger.warning(
                "worker process ended, starting another", worker_id=child.worker_id, code=code, in_sec=pause
            )
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _live(self, child: Child) -> int:
        """The life of a child; answers its exit code, negative for a signal."""
        reader = await child.start(self._settings)
        assert child.process is not None  # noqa: S101 - started above
        if self._stopping.is_set():
            child.signal(signal.SIGTERM)
        with suppress(ConnectionError):
            while line := (await reader.readline()).decode().strip():
                if line == READY:
                    child.ready = True
                elif line[0] == "+":
                    child.groups.add(int(line))
                else:
                    child.groups.discard(-int(line))
        code = await child.process.wait()
        child.close()
        return code

    async def _settle_left(self, child: Child, code: int) -> None:
        """Settle what a child held when it ended. It is known to be dead: nobody need wait for its lease."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._engine.workers.stop([child.worker_id])
                held = [claim for _, claim, _ in await self._engine.runs.held_by([child.worker_id])]
                await self._engine.runs.settle(
                    [
                        settle(
                            claim,
                            decode_work(claim.work),
                            _came_to(claim, child, code, alone=len(held) == 1),
                            now=self._engine.now(),
                            chance=chance(),
                            worker_id=None,
                            started_at=claim.claimed_at,
                        )
                        for claim in held
                    ]
                )
            except Unavailable as error:
                _logger.warning("engine unavailable, trying again", error=error.message)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                return

    async def _renew(self) -> None:
        """The heartbeat of all children. One that lost its lease, or may lose it unseen, is ended before others act."""
        lease = self._settings.lease_sec
        while True:
            await asyncio.sleep(self._settings.heartbeat_sec)
            known = {child.worker_id: child for child in self._children.values() if child.ready}
            if not known:
                self._renewed = time.monotonic()
                continue
            try:
                async with asyncio.timeout(lease / 3):
                    renewal = await self._engine.workers.renew(list(known), from_seconds(lease))
            except (TreadleError, TimeoutError) as error:
                _logger.warning("heartbeat failed", error=str(error))
                if time.monotonic() - self._renewed > lease * 2 / 3:
                    for child in known.values():
                        child.kill({})
                continue
            self._renewed = time.monotonic()
            for worker_id in known.keys() - renewal.alive:
                _logger.warning("lease lost, ending the worker process", worker_id=worker_id)
                known[worker_id].kill({})
            self._kill_deaf(renewal.cancels, known)

    def _kill_deaf(self, cancels: tuple[tuple[str, str, int], ...], known: dict[str, Child]) -> None:
        """Kill children that have not ended a cancelled run within the grace: a blocked one never hears of it."""
        for worker_id, run_id, since in cancels:
            if to_seconds(self._engine.now() - since) > self._settings.grace_sec and worker_id in known:
                known[worker_id].kill({run_id: Why.CANCEL})

    async def _watch_boards(self) -> None:
        while True:
            await asyncio.sleep(BOARD_SECONDS)
            now = time.monotonic()
            for child in list(self._children.values()):
                if overdue := child.board.overdue(now):
                    _logger.warning("runs did not end in time, killing their process", runs=[o.run_id for o in overdue])
                    child.kill({run.run_id: run.why for run in overdue})

    async def _stop_children(self) -> None:
        await self._stopping.wait()
        for child in list(self._children.values()):
            child.signal(signal.SIGTERM)
        await asyncio.sleep(self._settings.grace_sec + STOP_MARGIN_SECONDS)
        for child in list(self._children.values()):
            child.kill({})


def _came_to(claim: Claim, child: Child, code: int, *, alone: bool) -> Outcome:
    """What a run came to whose process has ended under it."""
    if child.killed_for is not None:
        match child.killed_for.get(claim.id):
            case Why.TIMEOUT:
                return timed_out(decode_work(claim.work))
            case Why.CANCEL:
                return Cancelled()
            case None:
                return Released("its worker process was ended on another account")
    if code == 0:
        return Released("the worker stopped")
    how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
    return Lost(solitary=alone, message=f"its worker process ended {how}")
