"""A terminal read key by key, and woken by what happens elsewhere: for live views."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

UP, DOWN, TAB, ENTER, ESCAPE = "up", "down", "tab", "enter", "escape"

_KEY: Final = re.compile(r"\x1b[\[O][0-9;]*[A-Za-z~]|.", re.DOTALL)
_NAMES: Final = {
    "\x1b[A": UP,
    "\x1bOA": UP,
    "\x1b[B": DOWN,
    "\x1bOB": DOWN,
    "\t": TAB,
    "\r": ENTER,
    "\n": ENTER,
    "\x1b": ESCAPE,
}
_AT_ONCE: Final = 1024


class Keyboard:
    """Keys as they are pressed. `wake` may be called from any thread; a terminal of another size wakes too."""

    def __init__(self, woken: socket.socket, waker: socket.socket) -> None:
        self._woken = woken
        self._waker = waker
        self.ending = False
        """Whether this process was told to end, or its terminal is gone."""

    def wake(self) -> None:
        """Let `wait` return."""
        with suppress(BlockingIOError):  # it is full of such calls
            self._waker.send(b"\0")

    def wait(self, seconds: float) -> list[str]:
        """The keys pressed within some seconds, none where something else came first: names, or characters."""
        ready, _, _ = select.select([sys.stdin, self._woken], [], [], seconds)
        if self._woken in ready:
            self._woken.recv(_AT_ONCE)
        if sys.stdin not in ready:
            return []
        data = os.read(sys.stdin.fileno(), _AT_ONCE)
        self.ending = self.ending or not data
        return [_NAMES.get(key, key) for key in _KEY.findall(data.decode(errors="replace"))]

    def end(self, number: int, frame: FrameType | None) -> None:
        """A signal handler: the loop is to end."""
        self.ending = True


@contextmanager
def keyboard() -> Iterator[Keyboard]:
    """The terminal on standard input, key by key and without showing them, until the block ends."""
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    keys = Keyboard(woken, waker)
    before = termios.tcgetattr(sys.stdin)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGWINCH, signal.SIGTERM)}
    signal.signal(signal.SIGWINCH, lambda number, frame: None)  # it is enough that it wakes
    signal.signal(signal.SIGTERM, keys.end)
    woken_before = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    try:
        tty.setcbreak(sys.stdin)
        yield keys
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)
        signal.set_wakeup_fd(woken_before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        woken.close()
        waker.close()
