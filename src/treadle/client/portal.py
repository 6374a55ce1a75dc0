"""An event loop in a thread of its own, for code without one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from treadle.domain.errors import InvalidInput

T = TypeVar("T")

NOT_OPEN: Final = (
    "this is not open: a client is used within its block, `with Client(…) as client:` or "
    "`async with AsyncClient(…) as client:`"
)


class Portal:
    """Carries out async work for the threads of sync code."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name=name, daemon=True)

    def open(self) -> None:
        """Start the loop."""
        self._thread.start()

    def close(self) -> None:
        """End the loop, which nothing may use any more."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def __call__(self, work: Coroutine[Any, Any, T]) -> T:
        """What work comes to. Raises InvalidInput where the loop does not run."""
        if not self._thread.is_alive():
            work.close()
            raise InvalidInput(NOT_OPEN)
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()
