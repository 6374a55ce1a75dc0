"""Statements by name, for the verbs that are written once for all SQL engines. Here they are answered at once.

Lists and rows travel as JSON texts (`json_each`), one per statement, and what is answered as `"rows"` is one such text:
SQLite then works through all of it without the interpreter. A statement over rows that has no such list is for one row
at a time, as where rows hold bytes, which JSON cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import apsw
import msgspec

from treadle.engines.sql.transaction import Row
from treadle.engines.sqlite.connection import json_list
from treadle.engines.sqlite.queries import STATEMENTS

_OVER_LISTS: Final = frozenset(name for name, text in STATEMENTS.items() if "each(" in text)
_IN_ONE: Final = frozenset(name for name, text in STATEMENTS.items() if ' AS "rows"' in text)
_rows: Final = msgspec.json.Decoder(list[list[Any]])


class Look:
    """See `sql.transaction.Look`."""

    __slots__ = ("connection",)

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection

    async def call(self, name: str, /, *values: Any) -> Sequence[Row]:
        """All rows that a statement answers."""
        rows: list[Any] = self.connection.execute(STATEMENTS[name], _bind(values)).fetchall()
        return _rows.decode(rows[0][0]) if name in _IN_ONE else rows

    async def feed(self, name: str, rows: Sequence[Row], /, *values: Any) -> Sequence[Row]:
        """All rows that a statement over rows answers."""
        if not rows:
            return []
        statement = STATEMENTS[name]
        if name in _OVER_LISTS:
            return self.connection.execute(statement, (json_list(rows), *_bind(values))).fetchall()
        return self.connection.executemany(statement, [(*row, *values) for row in rows]).fetchall()


def _bind(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple([json_list(value) if type(value) is list else value for value in values])
