"""The impure sources: clocks, ids, chance. Everything above takes them as arguments; only entry points ask here."""

from __future__ import annotations

import os
import random
import threading
import time
from pathlib import Path
from typing import Final, Protocol

from treadle.domain.ids import RANDOM_BITS, make_id
from treadle.domain.instants import Instant, Micros

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """Three clocks: one that people set, and two that only ever go forward."""

    def wall(self) -> Instant:
        """Now, in UTC; may jump."""
        ...

    def steady(self) -> Micros:
        """Microseconds since this machine booted, suspended time included; the same in all its processes."""
        ...

    def monotonic(self) -> float:
        """Seconds of the clock by which event loops, and so timeouts, go."""
        ...


class SystemClock:
    """The machine's clocks."""

    def wall(self) -> Instant:
        return time.time_ns() // 1_000

    def steady(self) -> Micros:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000

    def monotonic(self) -> float:
        return time.monotonic()


def boot_id() -> str:
    """What tells one boot of this machine from the next: the steady clock starts anew with it."""
    return _BOOT_ID.read_text().strip()


def chance() -> float:
    """A random number in [0, 1), for jitter."""
    return random.random()  # noqa: S311 - spreads load, guards nothing


class IdSource:
    """Makes ids that sort in the order they were made, within a process and, to the millisecond, across processes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._millisecond = 0
        self._randomness = 0

    def __call__(self, prefix: str) -> str:
        """A new id; see `treadle.domain.ids.make_id`."""
        with self._lock:
            now = self._clock.wall()
            if now // 1_000 > self._millisecond:
                self._millisecond = now // 1_000
                # The top bits stay free, so that counting up within a millisecond cannot overflow.
                self._randomness = int.from_bytes(os.urandom(RANDOM_BITS // 8)) >> 1
            else:
                self._randomness += 1
            return make_id(prefix, self._millisecond * 1_000, self._randomness)
