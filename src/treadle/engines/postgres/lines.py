"""The lines that the table holds, remembered: none is ever removed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from treadle.domain.workers import can_take, serves
from treadle.engines.lines import Line, line_id
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.workers import Takes
from treadle.engines.postgres.writer import Transaction, columns

_SQL: Final = load("runs")


def may_take(takes: Takes, line: Line) -> bool:
    """Whether a worker may take runs of a line."""
    return serves(takes.domains, line.domain) and can_take(takes.queues, takes.requires, line.queue, line.requires)


class Divided(NamedTuple):
    """Lines by id: those from which a worker may take, and those from which it may not. Lines of suspects from which it
    may take are neither."""

    open: list[int]
    shut: list[int]


class Lines:
    """Lines by id. One is remembered once it was seen to be committed."""

    def __init__(self) -> None:
        self._lines: dict[int, Line] = {}
        self._divided: dict[Takes, Divided] = {}

    async def put(self, tx: Transaction, lines: Iterable[Line]) -> dict[Line, int]:
        """The ids of lines that the table now holds."""
        numbers = {line: line_id(line) for line in lines}
        new = [(number, line) for line, number in numbers.items() if number not in self._lines]
        if new:
            await tx.fetch(_SQL["put_lines"], *columns([(number, *line) for number, line in new], 5))
            tx.after.append(lambda: self._remember(new))
        return numbers

    def lack(self, lines: Iterable[Line]) -> bool:
        """Whether there are some that were not seen to be committed."""
        return any(line_id(line) not in self._lines for line in lines)

    async def by_id(self, tx: Transaction, number: int) -> Line:
        """The line behind an id that a run has."""
        if (line := self._lines.get(number)) is None:
            ((domain, queue, requires, solo),) = await tx.fetch(_SQL["line"], number)
            line = Line(domain, queue, requires, solo)
            tx.after.append(lambda: self._remember([(number, line)]))
        return line

    def divide(self, takes: Takes) -> Divided:
        """What a worker may do with the lines that are remembered."""
        if (divided := self._divided.get(takes)) is None:
            taken = {number: line for number, line in self._lines.items() if may_take(takes, line)}
            open_ = [number for number, line in taken.items() if not line.solo]
            divided = Divided(open_, [number for number in self._lines if number not in taken])
            self._divided[takes] = divided
        return divided

    async def running_by_domain(self, tx: Transaction) -> Counter[str]:
        """How many runs of each domain are at work."""
        counts: Counter[str] = Counter()
        for number, count in await tx.fetch(_SQL["running"]):
            counts[(await self.by_id(tx, number)).domain] += count
        return counts

    def _remember(self, lines: Iterable[tuple[int, Line]]) -> None:
        self._lines.update(lines)
        self._divided.clear()
