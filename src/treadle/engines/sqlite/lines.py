"""The lines that the table holds."""

from __future__ import annotations

from collections import Counter
from typing import Final

import apsw

from treadle.engines.lines import Line, line_id
from treadle.engines.sqlite.connection import fetch
from treadle.engines.sqlite.queries import load

_SQL: Final = load("runs")


def put_line(connection: apsw.Connection, line: Line) -> int:
    """The id of a line that the table now holds."""
    number = line_id(line)
    connection.execute(_SQL["put_line"], (number, *line))
    return number


class Lines:
    """Lines by id, remembered. Used in the writer's thread only."""

    def __init__(self) -> None:
        self._lines: dict[int, Line] = {}

    def running_by_domain(self, connection: apsw.Connection) -> Counter[str]:
        """How many runs of each domain are at work."""
        counts: Counter[str] = Counter()
        for number, count in fetch(connection, _SQL["running"]):
            counts[self.by_id(connection, number).domain] += count
        return counts

    def by_id(self, connection: apsw.Connection, number: int) -> Line:
        """The line behind an id."""
        if (line := self._lines.get(number)) is None:
            ((domain, queue, requires, solo),) = fetch(connection, _SQL["line"], (number,))
            line = self._lines[number] = Line(domain, queue, requires, bool(solo))
        return line
