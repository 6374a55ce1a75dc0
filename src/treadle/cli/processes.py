"""Child processes that end with their parent. Standard library only: see `supervisor`."""

from __future__ import annotations

import ctypes
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 10.0
STABLE_SECONDS: Final = 20.0
"""A service that lived this long begins with the first pause again."""

_PR_SET_PDEATHSIG: Final = 1
_libc: Final = ctypes.CDLL(None, use_errno=True)


def spawn(
    module: str, arguments: Sequence[str] = (), *, pass_fds: Sequence[int] = (), safe_path: bool = True
) -> subprocess.Popen[bytes]:
    """Start a module as a process of its own group, killed by the system when this process ends, however it ends.

    `safe_path` keeps the working folder, where people's files lie, off the path that modules are imported from.
    """
    parent = os.getpid()

    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the line above took effect
            os._exit(1)

    return subprocess.Popen(
        [sys.executable, *(["-P"] if safe_path else []), "-m", module, *arguments],
        stdin=subprocess.DEVNULL,
        pass_fds=pass_fds,
        process_group=0,  # a terminal's Ctrl-C is for the supervisor alone: it knows the order
        preexec_fn=prepare,  # this process has a single thread
    )


class Service:
    """A service's process, started again whenever it ends."""

    def __init__(self, name: str, module: str, arguments: Sequence[str] = (), pass_fds: Sequence[int] = ()) -> None:
        self.name = name
        self._module = module
        self._arguments = arguments
        self._pass_fds = pass_fds
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = FIRST_PAUSE
        self.due = math.inf
        """When to start it next, on the monotonic clock; never while it runs."""

    @property
    def running(self) -> bool:
        """Whether the process was there when last looked at."""
        return self._process is not None

    def start(self) -> None:
        """Start the process."""
        self._process = spawn(self._module, self._arguments, pass_fds=self._pass_fds)
        self._started = time.monotonic()
        self.due = math.inf

    def ended(self) -> int | None:
        """The exit code, negative for a signal, of a process that has just ended; `due` says when to start again."""
        code = None if self._process is None else self._process.poll()
        if code is None:
            return None
        self._process = None
        now = time.monotonic()
        if now - self._started >= STABLE_SECONDS:
            self._pause = FIRST_PAUSE
        self.due = now + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, if it is there."""
        if self._process is not None:
            self._process.send_signal(number)


def how_it_ended(code: int) -> str:
    """An exit code in words."""
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
