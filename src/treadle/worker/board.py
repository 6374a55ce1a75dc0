"""Shared memory in which a worker process writes, per slot, which run it carries out and by when that must have ended.

A process that is blocked, even inside C code that never lets go of the interpreter, cannot say that it is late; one
that has crashed cannot say what it was at. So it says beforehand, and its parent reads this board.
"""

from __future__ import annotations

import math
import mmap
import os
import struct
from enum import IntEnum
from typing import Final, NamedTuple

NEVER: Final = math.inf
_SLOT: Final = struct.Struct("<dB55s")  # moment of CLOCK_MONOTONIC in seconds, why, run id
_NOTHING: Final = _SLOT.pack(0.0, 0, b"")


class Why(IntEnum):
    """Why a run must end. It need not hear of its timeout; of the others it has heard when they stand here."""

    TIMEOUT = 1
    CANCEL = 2
    RELEASE = 3


class Entry(NamedTuple):
    """A run at work, and by when it must have ended for which reason."""

    run_id: str
    kill_at: float
    why: Why


class Board:
    """The board of one worker process. `fd` is handed down to it."""

    def __init__(self, fd: int, slots: int) -> None:
        self.fd = fd
        self.slots = slots
        self._memory = mmap.mmap(fd, slots * _SLOT.size)

    @classmethod
    def create(cls, slots: int) -> Board:
        """A new board; it lives as long as somebody holds its descriptor."""
        fd = os.memfd_create("treadle-board")
        os.ftruncate(fd, slots * _SLOT.size)
        return cls(fd, slots)

    def put(self, slot: int, run_id: str, kill_at: float, why: Why) -> None:
        """Say which run is in a slot, and by when it must have ended, in seconds of the monotonic clock."""
        _SLOT.pack_into(self._memory, slot * _SLOT.size, kill_at, why, run_id.encode())

    def clear(self, slot: int) -> None:
        """The slot's run has ended."""
        offset = slot * _SLOT.size
        self._memory[offset : offset + _SLOT.size] = _NOTHING

    def entries(self) -> list[Entry]:
        """The runs at work."""
        return [
            Entry(run_id.rstrip(b"\0").decode(), kill_at, Why(why))
            for kill_at, why, run_id in _SLOT.iter_unpack(self._memory)
            if why
        ]

    def overdue(self, now: float) -> dict[str, Why]:
        """The runs that should have ended before `now`, and why.

        What is half written may look overdue: only what reads the same twice is.
        """
        late = {entry for entry in self.entries() if entry.kill_at < now}
        return {entry.run_id: entry.why for entry in late.intersection(self.entries())} if late else {}

    def close(self) -> None:
        """Let go of the memory and the descriptor."""
        self._memory.close()
        os.close(self.fd)
