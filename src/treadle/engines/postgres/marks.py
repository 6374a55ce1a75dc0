"""Marks: how far lines were claimed from, for use where looking from the front has become slow.

An open transaction of anybody keeps the server from removing what was there when it began. What is claimed then goes on
lying before what is ready, and looking for that takes longer with every run. So after a look that took long, the next
trips go on from where it came to, for so long that looking takes but a part of the time, or until there is less than is
wanted. What meanwhile has come to lie before the marks waits until then.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic
from typing import Final, TypeAlias

from treadle.domain.instants import MILLISECOND, SECOND, Micros

Mark: TypeAlias = tuple[int, int, int]
"""A line, and the rank and number of a run: all that is ready lies after it, as far as the last look could tell."""

SLOW: Final[Micros] = 3 * MILLISECOND
REST: Final = 8
"""How many times as long as it took nobody looks again. The claim that follows a look takes about as long as that."""


class Marks:
    """What a process remembers of its last look."""

    def __init__(self) -> None:
        self._marks: dict[int, Mark] = {}
        self._until = 0.0

    def current(self, lines: Iterable[int]) -> list[Mark]:
        """The marks of these lines that hold now; none where it is time to look."""
        if monotonic() >= self._until:
            return []
        return [mark for line in lines if (mark := self._marks.get(line)) is not None]

    def forget(self) -> None:
        """Let it be time to look."""
        self._until = 0.0

    def note(self, look_took: Micros | None, fronts: Iterable[tuple[int, int]], claimed: Iterable[Mark]) -> None:
        """Remember a trip: how long it looked, None where it did not; where several lines had runs, each with the rank
        of its best; and what it claimed, in the order of ranks."""
        if look_took is not None:
            self._marks = {line: (line, rank, 0) for line, rank in fronts}  # from which nothing is claimed may be next
            self._until = monotonic() + REST * look_took / SECOND if look_took >= SLOW else 0.0
        if self._until:
            self._marks.update((mark[0], mark) for mark in claimed)
