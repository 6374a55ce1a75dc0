"""The lines that the table holds, remembered: none is ever removed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from treadle.engines.sql.numbers import Line, line_id
from treadle.engines.sql.transaction import Transaction


class Lines:
    """Lines by id. One is remembered once it was seen to be committed."""

    def __init__(self) -> None:
        self._lines: dict[int, Line] = {}

    async def put(self, tx: Transaction, lines: Iterable[Line]) -> dict[Line, int]:
        """The ids of lines that the table now holds."""
        numbers = {line: line_id(line) for line in lines}
        new = [(number, line) for line, number in numbers.items() if number not in self._lines]
        if new:
            await tx.feed("runs.put_lines", [(number, *line) for number, line in new])
            tx.after.append(lambda: self.remember(new))
        return numbers

    def lack(self, lines: Iterable[Line]) -> bool:
        """Whether there are some that were not seen to be committed."""
        return any(line_id(line) not in self._lines for line in lines)

    async def by_id(self, tx: Transaction, number: int) -> Line:
        """The line behind an id that a run has."""
        if (line := self._lines.get(number)) is None:
            ((domain, queue, requires, solo),) = await tx.call("runs.line", number)
            line = Line(domain, queue, requires, bool(solo))
            found = [(number, line)]
            tx.after.append(lambda: self.remember(found))
        return line

    async def running_by_domain(self, tx: Transaction) -> Counter[str]:
        """How many runs of each domain are at work."""
        counts: Counter[str] = Counter()
        for number, count in await tx.call("runs.running"):
            counts[(await self.by_id(tx, number)).domain] += count
        return counts

    def remember(self, lines: Iterable[tuple[int, Line]]) -> None:
        """Lines, with their ids, were seen to be committed."""
        self._lines.update(lines)
