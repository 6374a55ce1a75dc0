"""A program in a session of its own: started, watched, and ended together with everything it started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

import psutil

from treadle.executors.pipes import PipeReader

_AFTER_KILL_SECONDS: Final = 5.0
_REAP_SECONDS: Final = 0.5


class ProcessGroup:
    """A started program, the leader of its session and process group.

    The kernel's pidfd tells when the leader has ended, the same on every event loop, and the leader is reaped last of
    all: while its zombie holds the group's id, no signal to the group can reach a stranger.
    """

    def __init__(
        self, argv: Sequence[str], *, executable: Path, env: Mapping[str, str], cwd: Path, stdin: IO[bytes]
    ) -> None:
        """Starts the program; to be called in the event loop. Raises OSError where the system cannot."""
        self._popen = subprocess.Popen(
            argv,
            executable=executable,
            env=env,
            cwd=cwd,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        self.pgid = self._popen.pid
        self.returncode: int | None = None
        # Never None: both were asked for as pipes.
        self._pipes = [pipe for pipe in (self._popen.stdout, self._popen.stderr) if pipe]
        self.outputs = [PipeReader(pipe) for pipe in self._pipes]
        self._known: set[psutil.Process] = set()
        self._exited = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        try:
            self._pidfd = os.pidfd_open(self.pgid)
        except OSError:
            with self._popen:
                self._popen.kill()
            raise
        self._loop.add_reader(self._pidfd, self._on_exit)

    @property
    def has_exited(self) -> bool:
        """Whether the leader has ended, to be reaped by `close`."""
        return self._exited.is_set()

    async def exited(self) -> None:
        """Returns once the leader has ended."""
        await self._exited.wait()

    async def stop(self, grace: float) -> None:
        """Asks the group to end, and kills it when its leader has not ended after `grace` seconds."""
        self._find()
        self._signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.exited(), grace)
        if not self.has_exited:
            self.kill()
            with contextlib.suppress(TimeoutError):  # `close` tells of a process that even this did not end
                await asyncio.wait_for(self.exited(), _AFTER_KILL_SECONDS)

    def kill(self) -> None:
        """Kills whatever is left: the group, its session, and descendants that have left both."""
        self._find()
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Kills what is left, closes the outputs and reaps the leader.

        `returncode` is then the leader's exit code, negative for a signal. It stays None for a leader that lives on:
        the kernel holds it (a dead network disk), or it belongs to somebody else.
        """
        self.kill()
        if not self.has_exited:
            self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        for pipe in self._pipes:
            pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.returncode = self._popen.wait(_REAP_SECONDS)

    def _on_exit(self) -> None:
        self._loop.remove_reader(self._pidfd)
        self._exited.set()

    def _find(self) -> None:
        """Notes who belongs here beyond the group: once its parent is gone, a child that left can be found no more."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self._known.update(psutil.Process(self.pgid).children(recursive=True))
        for pid in psutil.pids():
            # Processes come and go while they are listed.
            with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
                if pid != self.pgid and os.getsid(pid) == self.pgid:
                    self._known.add(psutil.Process(pid))

    def _signal(self, number: signal.Signals) -> None:
        # Gone already, or of another user since it changed its own: nothing more can be done to either.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pgid, number)
        for process in self._known:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError):
                if os.getpgid(process.pid) != self.pgid:
                    process.send_signal(number)
