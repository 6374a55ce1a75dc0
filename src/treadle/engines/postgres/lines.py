"""The lines that the table holds, and what each worker may take of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from treadle.engines.sql import lines as shared
from treadle.engines.sql.numbers import Line
from treadle.engines.sql.workers import Takes, may_take


class Divided(NamedTuple):
    """Lines by id: those from which a worker may take, and those from which it may not. Lines of suspects from which it
    may take are neither."""

    open: list[int]
    shut: list[int]


class Lines(shared.Lines):
    """Lines by id, also divided by what workers take."""

    def __init__(self) -> None:
        super().__init__()
        self._divided: dict[Takes, Divided] = {}

    def divide(self, takes: Takes) -> Divided:
        """What a worker may do with the lines that are remembered."""
        if (divided := self._divided.get(takes)) is None:
            taken = {number: line for number, line in self._lines.items() if may_take(takes, line)}
            open_ = [number for number, line in taken.items() if not line.solo]
            divided = Divided(open_, [number for number in self._lines if number not in taken])
            self._divided[takes] = divided
        return divided

    def remember(self, lines: Iterable[tuple[int, Line]]) -> None:
        """Lines, with their ids, were seen to be committed."""
        super().remember(lines)
        self._divided.clear()
