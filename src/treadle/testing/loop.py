"""An event loop in virtual time: where another would wait for a timer, this one moves its clock there at once."""

from __future__ import annotations

import asyncio
import math
import selectors
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar, TypeVarTuple, Unpack

from treadle.testing.clock import VirtualClock

T = TypeVar("T")
Args = TypeVarTuple("Args")

STILL_SECONDS: Final = 1.0
"""For how long, in real time, the clock stands still while a thread or a socket is waited for. Then it goes as any
clock does, so that a timeout can end what hangs."""

_ROUNDING_MICROS: Final = 0.05
"""By how much a float that counts seconds may be wrong."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its time is that of a virtual clock.

    Threads and sockets live in real time: as long as `at_work` says that somebody may be waiting for one, the clock
    does not move on without them.
    """

    at_work: Callable[[], bool] = staticmethod(lambda: False)
    in_earnest = False
    """Whether to wait in real time: set where all that is left to wait for are threads that end."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._threads = 0
        self._waiting_since: float | None = None
        self._idlers: list[asyncio.Future[None]] = []
        super().__init__(_VirtualSelector(self))

    def time(self) -> float:
        """The clock in seconds."""
        return self._clock.monotonic()

    async def idle(self) -> None:
        """Return once nothing more can happen unless time passes."""
        idler = self.create_future()
        self._idlers.append(idler)
        await idler

    def run_in_executor(self, executor: Any, func: Callable[[Unpack[Args]], T], *args: *Args) -> asyncio.Future[T]:
        """See `asyncio.AbstractEventLoop`."""
        self._count_threads(1)
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(lambda _: self._count_threads(-1))
        return future

    def waits_outside(self, sockets: int) -> bool:
        """Whether what is waited for lives in real time."""
        outside = self.in_earnest or (self.at_work() and (self._threads > 0 or sockets > 0))
        if not outside:
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = time.monotonic()
        return outside

    def still_seconds(self) -> float:
        """For how much longer the clock stands still; zero or less where it goes."""
        began = self._waiting_since
        return STILL_SECONDS if began is None else began + STILL_SECONDS - time.monotonic()

    def pass_time(self, seconds: float | None) -> None:
        """Let so much time pass, unless somebody waits for the moment at which it has to."""
        if self._idlers:
            idlers, self._idlers = self._idlers, []
            for idler in idlers:
                self.call_soon(idler.set_result, None)
        elif seconds is None:
            raise RuntimeError("what is awaited here no time will bring")
        else:
            self._clock.advance(max(1, math.ceil(seconds * 1_000_000 - _ROUNDING_MICROS)))

    def _count_threads(self, change: int) -> None:
        self._threads += change
        self._waiting_since = None


class _VirtualSelector(selectors.DefaultSelector):
    """Looks for what is ready, and has time pass where it would wait."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """See `selectors.BaseSelector`."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if not self._loop.waits_outside(sockets=len(self.get_map()) - 1):  # one is the loop's own
            self._loop.pass_time(timeout)
            return []
        still = self._loop.still_seconds()
        ready = super().select(still if still > 0 else timeout)
        if not ready and still <= 0:
            self._loop.pass_time(timeout)
        return ready
