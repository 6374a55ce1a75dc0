"""Shared memory in which a worker process writes, per slot, by when its run must have ended.

A process that is blocked, even inside C code that never lets go of the interpreter, cannot say that it is late. So it
says beforehand, and its parent, who reads this board, kills it when it is.
"""

from __future__ import annotations

import mmap
import os
import struct
from enum import IntEnum
from typing import Final, NamedTuple

_SLOT: Final = struct.Struct("<dB55s")  # moment of CLOCK_MONOTONIC in seconds, why, run id
_NOTHING: Final = _SLOT.pack(0.0, 0, b"")


class Why(IntEnum):
    """Why a run must end."""

    TIMEOUT = 1
    CANCEL = 2


class Overdue(NamedTuple):
    """A run that should have ended."""

    run_id: str
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
        """Say by when the run in a slot must have ended, in seconds of the monotonic clock."""
        _SLOT.pack_into(self._memory, slot * _SLOT.size, kill_at, why, run_id.encode())

    def clear(self, slot: int) -> None:
        """The slot's run has ended."""
        offset = slot * _SLOT.size
        self._memory[offset : offset + _SLOT.size] = _NOTHING

    def overdue(self, now: float) -> list[Overdue]:
        """The runs that should have ended before `now`."""
        return [
            Overdue(run_id.rstrip(b"\0").decode(), Why(why))
            for kill_at, why, run_id in _SLOT.iter_unpack(self._memory)
            if 0.0 < kill_at < now
        ]

    def close(self) -> None:
        """Let go of the memory and the descriptor."""
        self._memory.close()
        os.close(self.fd)
