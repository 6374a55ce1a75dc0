"""The line between a worker's parent and its children: one socket pair each, lines of text.

The child says `ready` once it is registered, and `+pgid` / `-pgid` for each process group it starts and has seen end,
so that the parent can end them for a child that died. The parent says nothing; that the line is cut tells the child
that its parent is gone.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

READY: Final = "ready"

DRAIN_SIGNAL: Final = signal.SIGUSR1
"""Tells a child that is ready to claim nothing more, and to end once what it runs has ended by itself."""

LEASE_LOST_EXIT: Final = 70
"""The exit code of a child that found its lease lost. Any code but these two, also 0, was not the child's own idea."""

GAVE_BACK_EXIT: Final = 71
"""The exit code of a child that was told to stop and left unfinished what would not end."""


class ChildControl:
    """The child's end."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._socket.set_inheritable(False)
        self._groups: set[int] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._await_cut, name="parent-watch", daemon=True).start()

    def ready(self) -> None:
        """Tell the parent that the worker is registered."""
        self._say(READY)

    def on_process(self, pgid: int, started: bool) -> None:  # noqa: FBT001 - the callback's shape
        """Tell the parent of a process group."""
        if started:
            self._groups.add(pgid)
        else:
            self._groups.discard(pgid)
        self._say(f"{'+' if started else '-'}{pgid}")

    def exit_now(self, code: int) -> None:
        """End this process and the groups it started at once: what it runs is no longer its own."""
        kill_groups(self._groups)
        os._exit(code)

    def _say(self, line: str) -> None:
        with self._lock, suppress(OSError):  # the parent is gone: the watching thread ends this process
            self._socket.sendall(f"{line}\n".encode())

    def _await_cut(self) -> None:
        """In a thread of its own, since user code may block the event loop."""
        with suppress(OSError):
            while self._socket.recv(16):
                pass
        # Nobody is left to end what user code started in this process's own group.
        kill_groups([*self._groups, os.getpid()])
        os._exit(1)


def kill_groups(groups: Iterable[int]) -> None:
    """Kill whole process groups; those that are gone need nothing."""
    for pgid in list(groups):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pgid, signal.SIGKILL)
