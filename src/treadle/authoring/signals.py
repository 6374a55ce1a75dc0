"""The signal that a run is to end, for code in the event loop and in threads."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Future


class Signal:
    """Is raised once. May be looked at and waited for from any thread, and raised from a signal's handler."""

    __slots__ = ("_raised",)

    def __init__(self) -> None:
        from concurrent.futures import Future  # who only declares jobs has no other use for it

        self._raised: Future[None] = Future()  # its lock may be taken again by the thread that has it

    def is_set(self) -> bool:
        """Whether it was raised."""
        return self._raised.done()

    def wait(self, timeout: float | None = None) -> Any:
        """Whether it is raised, once it is or `timeout` seconds are over.

        To be awaited where an event loop runs; where none does, as in a sync handler, the thread waits.
        """
        from asyncio import get_running_loop  # the process of an isolated sync handler has no other use for it

        try:
            get_running_loop()
        except RuntimeError:
            with suppress(TimeoutError):
                self._raised.result(timeout)
            return self.is_set()
        return self._await(timeout)

    def tell(self) -> None:
        """Raise it."""
        if not self._raised.done():
            self._raised.set_result(None)

    async def _await(self, seconds: float | None) -> bool:
        import asyncio

        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.shield(asyncio.wrap_future(self._raised))
        return self.is_set()
