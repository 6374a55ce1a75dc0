"""The processes that run user code, as their parent sees them."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import msgspec

from treadle.domain.outcomes import Cancelled, Lost, Outcome, Released
from treadle.domain.runs import Claim
from treadle.domain.work import decode_work
from treadle.executors.completion import signal_name
from treadle.executors.outcomes import timed_out
from treadle.meters.tally import shared_memory
from treadle.settings import Settings
from treadle.worker.board import Board, Why
from treadle.worker.control import DRAIN_SIGNAL, GAVE_BACK_EXIT, LEASE_LOST_EXIT, READY, kill_groups

_LAST_WORDS_SECONDS: Final = 1.0
"""How long a dead child's line is still read: a process that it left behind may hold its end open for ever."""


class Child:
    """A process that runs user code, and what its parent knows of it. Raises OSError where the system is short."""

    def __init__(self, worker_id: str, slots: int) -> None:
        self.worker_id = worker_id
        self.board = Board.create(slots)
        self.tally = shared_memory()
        self.ready = False
        self.draining = False
        self.killed_for: Mapping[str, Why] | None = None
        self.started = time.monotonic()
        self._groups: set[int] = set()
        self._process: asyncio.subprocess.Process | None = None
        self._waiting_signal: signal.Signals | None = None

    async def live(self, settings: Settings) -> int:
        """Start the process and listen to it until it has ended; answers its exit code, negative for a signal."""
        ours, theirs = socket.socketpair()
        with theirs:
            reader, writer = await asyncio.open_connection(sock=ours)
            try:
                process = await self._start(settings, theirs)
                theirs.close()
                listening = asyncio.create_task(self._listen(reader))
                code = await process.wait()
                with suppress(TimeoutError):
                    await asyncio.wait_for(listening, _LAST_WORDS_SECONDS)
                # It led a group of its own too, with what user code started in it.
                kill_groups([*self._groups, process.pid])
                return code
            finally:
                writer.close()

    def kill(self, why: Mapping[str, Why]) -> None:
        """End the process at once. `why` names the runs on whose account; the others in it are not to blame."""
        if self.killed_for is None:
            self.killed_for = why
        self.signal(signal.SIGKILL)

    def drain(self) -> None:
        """Let the process end once it is empty. It must be ready."""
        if not self.draining:
            self.draining = True
            self.signal(DRAIN_SIGNAL)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; one that is being started gets it then."""
        if self._process is None:
            self._waiting_signal = number
        elif self._process.returncode is None:
            self._process.send_signal(number)

    def close(self) -> None:
        """Let go of what it was given."""
        self.board.close()
        os.close(self.tally)

    def came_to(self, held: list[Claim], code: int) -> dict[str, Outcome]:
        """What the runs that the process held came to, by their ids, now that it has ended with `code`.

        Runs that were at work are suspects. Where the board shows none, what ended the process may have come from any
        of those held: they had ended a moment ago, or were about to begin.
        """
        at_work = {entry.run_id for entry in self.board.entries()}
        suspects = {claim.id for claim in held if claim.id in at_work} or {claim.id for claim in held}
        return {claim.id: self._came_to(claim, code, suspects) for claim in held}

    def _came_to(self, claim: Claim, code: int, suspects: set[str]) -> Outcome:
        if self.killed_for is not None:
            match self.killed_for.get(claim.id):
                case Why.TIMEOUT:
                    return timed_out(decode_work(claim.work))
                case Why.CANCEL:
                    return Cancelled()
                case _:
                    return Released("its worker process was ended on another account")
        if code == GAVE_BACK_EXIT:
            return Released("the worker stopped")
        if code == LEASE_LOST_EXIT:
            return Released("its worker lost its lease")
        if claim.id not in suspects:
            return Released("its worker process ended before it began")
        how = f"by signal {signal_name(-code)}" if code < 0 else f"with exit code {code}"
        return Lost(solitary=len(suspects) == 1, message=f"its worker process ended {how}")

    async def _start(self, settings: Settings, line: socket.socket) -> asyncio.subprocess.Process:
        orders = {
            "settings": settings,
            "worker_id": self.worker_id,
            "board": self.board.fd,
            "tally": self.tally,
            "control": line.fileno(),
        }
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "treadle.worker.child",
            env=os.environ | {"TREADLE_RUN_WORKER": msgspec.json.encode(orders).decode()},
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=(self.board.fd, self.tally, line.fileno()),
            start_new_session=True,
        )
        if self._waiting_signal is not None:
            self._process.send_signal(self._waiting_signal)
        return self._process

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            while line := (await reader.readline()).decode().strip():
                if line == READY:
                    self.ready = True
                elif line[0] == "+":
                    self._groups.add(int(line))
                else:
                    self._groups.discard(-int(line))
