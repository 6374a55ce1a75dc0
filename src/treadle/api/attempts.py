"""How often a password may be tried."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import Final

from treadle.domain.errors import TooMany, Unauthorized

OF_ONE: Final = 5
"""Wrong passwords for one name from one address, after which there is a pause."""
OF_ALL: Final = 50
"""Wrong passwords from one address for whatever names, after which there is a pause."""
PAUSE_SECONDS: Final = 60.0

_REMEMBERED: Final = 10_000


class Attempts:
    """Counts wrong passwords in this process. An address that is over its measure waits; others do not."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    @contextmanager
    def of(self, name: str, client: str) -> Iterator[None]:
        """Around one try. Raises TooMany before it, where there were too many."""
        counted = (((name, client), OF_ONE), (("", client), OF_ALL))
        now = time.monotonic()
        for key, most in counted:
            wrong, until = self._wrong.get(key, (0, 0.0))
            if now >= until:
                self._wrong.pop(key, None)
            elif wrong >= most:
                raise TooMany("too many wrong passwords: wait before the next", after=ceil(until - now))
        try:
            yield
        except Unauthorized:
            for key, _ in counted:
                wrong, _ = self._wrong.pop(key, (0, 0.0))
                self._wrong[key] = (wrong + 1, now + PAUSE_SECONDS)
            while len(self._wrong) > _REMEMBERED:
                self._wrong.popitem(last=False)
            raise
