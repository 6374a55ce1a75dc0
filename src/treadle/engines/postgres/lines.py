"""The lines that the table holds, remembered: none is ever removed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from treadle.engines.lines import Line, line_id
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.writer import Transaction, columns

_SQL: Final = load("runs")


class Lines:
    """Lines by id. One is remembered once it was seen to be committed."""

    def __init__(self) -> None:
        self._lines: dict[int, Line] = {}

    async def put(self, tx: Transaction, lines: Iterable[Line]) -> dict[Line, int]:
        """The ids of lines that the table now holds."""
        numbers = {line: line_id(line) for line in lines}
        new = [(number, line) for line, number in numbers.items() if number not in self._lines]
        if new:
            await tx.fetch(_SQL["put_lines"], *columns([(number, *line) for number, line in new], 5))
            tx.after.append(lambda: self._lines.update(new))
        return numbers

    def lack(self, lines: Iterable[Line]) -> bool:
        """Whether there are some that were not seen to be committed."""
        return any(line_id(line) not in self._lines for line in lines)

    async def by_id(self, tx: Transaction, number: int) -> Line:
        """The line behind an id that a run has."""
        if (line := self._lines.get(number)) is None:
            ((domain, queue, requires, solo),) = await tx.fetch(_SQL["line"], number)
            line = Line(domain, queue, requires, solo)
            tx.after.append(lambda: self._lines.update({number: line}))
        return line

    async def running_by_domain(self, tx: Transaction) -> Counter[str]:
        """How many runs of each domain are at work."""
        counts: Counter[str] = Counter()
        for number, count in await tx.fetch(_SQL["running"]):
            counts[(await self.by_id(tx, number)).domain] += count
        return counts
