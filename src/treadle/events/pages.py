"""Pages that are small in number and in bytes: all that is held in memory for one who reads slowly, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

PAGE: Final = 100
PAGE_BYTES: Final = 128 * 1024
_FIRST: Final = 8
"""How many are asked for while it is not known how large they are: of the largest a hundred are tens of megabytes."""


class Pager(Generic[T]):
    """Says how many to ask for next, so that little is read in vain where they are large."""

    def __init__(self, size: Callable[[T], int]) -> None:
        self.limit = _FIRST
        self._size = size

    def fit(self, found: list[T]) -> tuple[list[T], bool]:
        """A page of what was found when asking for `limit`; and whether there is no more now."""
        page, whole = fitting(found, self._size)
        whole = whole and len(found) < self.limit
        self.limit = min(2 * max(len(page), 1), PAGE)
        return page, whole


def fitting(items: Iterable[T], size: Callable[[T], int]) -> tuple[list[T], bool]:
    """As many as make a page, one at least; and whether these are all."""
    page: list[T] = []
    total = 0
    for item in items:
        total += size(item)
        if page and (len(page) == PAGE or total > PAGE_BYTES):
            return page, False
        page.append(item)
    return page, True
