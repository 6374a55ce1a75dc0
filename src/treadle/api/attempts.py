"""How often a password, a token or the code of a link may be tried."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from math import ceil
from typing import Any, Final

from treadle.domain.errors import TooMany, Unauthorized

OF_ONE: Final = 5
"""Wrong passwords for one name from one address, after which there is a pause."""
OF_ALL: Final = 50
"""Wrong passwords from one address for whatever names, or codes of links, after which there is a pause."""
OF_TOKENS: Final = 100
"""Wrong tokens from one address, after which there is a pause for those that have opened nothing before."""
PAUSE_SECONDS: Final = 60.0

_REMEMBERED: Final = 10_000


class Attempts:
    """Counts what was tried in vain in this process. An address that is over its measure waits; others do not."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[tuple[str, ...], tuple[int, float]] = OrderedDict()
        self._opened: OrderedDict[bytes, None] = OrderedDict()

    @contextmanager
    def of_password(self, name: str, client: str) -> Iterator[None]:
        """Around one try of a password. Raises TooMany before it, where there were too many."""
        with self._counted(("passwords", name, client, OF_ONE), ("passwords", "", client, OF_ALL)):
            yield

    @contextmanager
    def of_token(self, digest: bytes, client: str) -> Iterator[None]:
        """Around one try of a token, known by its digest. Raises TooMany as for passwords.

        What has opened the door before is no guess: who shares an address with somebody who guesses is let in.
        """
        if digest in self._opened:
            yield
        else:
            # Those under way are not counted: after a start many may come at once with a token that is right.
            with self._counted(("tokens", "", client, OF_TOKENS), ahead=False):
                yield
            self._opened[digest] = None
            _shorten(self._opened)

    def of_code(self, client: str) -> AbstractContextManager[None]:
        """Around one try of a link's code. Raises TooMany as for passwords."""
        return self._counted(("codes", "", client, OF_ALL))

    @contextmanager
    def _counted(self, *measures: tuple[str, str, str, int], ahead: bool = True) -> Iterator[None]:
        """Around one try of what, for whom, from where, of which so many may be wrong.

        One that is under way counts as wrong, if it is counted `ahead`: else any number could be tried at once.
        """
        now = time.monotonic()
        for what, name, client, most in measures:
            wrong, until = self._wrong.get((what, name, client), (0, 0.0))
            if now < until and wrong >= most:
                raise TooMany(f"too many wrong {what}: wait before the next", after=ceil(until - now))
        if ahead:
            self._count(measures, now)
        try:
            yield
        except Unauthorized:
            if not ahead:
                self._count(measures, now)
            raise
        except BaseException:
            self._take_back(measures, ahead=ahead)
            raise
        self._take_back(measures, ahead=ahead)

    def _count(self, measures: Iterable[tuple[str, str, str, int]], now: float) -> None:
        for *key, _ in measures:
            wrong, until = self._wrong.pop(tuple(key), (0, 0.0))
            self._wrong[tuple(key)] = (wrong + 1 if now < until else 1, now + PAUSE_SECONDS)
        _shorten(self._wrong)

    def _take_back(self, measures: Iterable[tuple[str, str, str, int]], *, ahead: bool) -> None:
        for *key, _ in measures if ahead else ():
            wrong, until = self._wrong.get(tuple(key), (0, 0.0))
            if wrong > 1:
                self._wrong[tuple(key)] = (wrong - 1, until)
            else:
                self._wrong.pop(tuple(key), None)


def _shorten(remembered: OrderedDict[Any, Any]) -> None:
    while len(remembered) > _REMEMBERED:
        remembered.popitem(last=False)
