"""The ids of lines, for statements that need one."""

from __future__ import annotations

from typing import Final

import apsw

from treadle.engines.lines import Line, line_id
from treadle.engines.sqlite.queries import load

_SQL: Final = load("runs")


def put_line(connection: apsw.Connection, line: Line) -> int:
    """The id of a line that the table now holds."""
    number = line_id(line)
    connection.execute(_SQL["put_lines"], (number, *line))
    return number
