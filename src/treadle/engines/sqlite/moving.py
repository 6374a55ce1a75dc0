"""SQLite as the side that an installation moves away from; see `engines.moving`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import apsw

from treadle.domain.errors import Conflict, Moved
from treadle.domain.instants import Instant
from treadle.domain.moving import Closing
from treadle.engines.moving import NOT_MOVED, RANGE_ROWS, Key, Move, MoveState, Row, Table
from treadle.engines.sqlite.connection import Transaction, connect, fetch, migrate

_TAKES_NOTHING: Final = "SELECT target, state = 'done' FROM moves WHERE state IN ('fenced', 'done')"
_CLOSING: Final = """
SELECT target, CASE state WHEN 'closing' THEN until END FROM moves
WHERE state IN ('fenced', 'done') OR state = 'closing' AND until > ?
"""
_HELD: Final = "SELECT DISTINCT worker_id FROM runs WHERE state = 'running'"

_KEYS: Final = {"history": ["id"], "lanes": ["id"]}
"""Keys that are not the primary ones: numbers that the other side does not have."""


def check_not_moved(connection: apsw.Connection) -> None:
    """Raises Moved where somebody else is in charge, or is about to be."""
    for target, complete in connection.execute(_TAKES_NOTHING):
        raise Moved(target, complete=bool(complete))


def read_closing(connection: apsw.Connection, now: Instant) -> Closing | None:
    """Where to and until when nothing is to be claimed."""
    found = fetch(connection, _CLOSING, (now,))
    return Closing(*found[0]) if found else None


class SqliteSource:
    """See `engines.moving.Source`."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path, "FULL", cache_kib=16 * 1024)
        migrate(self._connection)

    def disconnect(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def tables(self) -> list[Table]:
        names = fetch(
            self._connection,
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
        )
        return [self._table(name) for (name,) in names if name not in NOT_MOVED]

    def rows(self, table: Table, after: Key | None) -> list[Row]:
        key = ", ".join(map(_quoted, table.columns[: table.key]))
        beyond = "" if after is None else f"WHERE ({key}) > ({', '.join('?' * table.key)})"
        columns = ", ".join(map(_quoted, table.columns))
        statement = f"SELECT {columns} FROM {table.name} {beyond} ORDER BY {key} LIMIT {RANGE_ROWS}"  # noqa: S608
        return list(self._connection.execute(statement, after or ()))

    def standing(self) -> Move | None:
        found = fetch(self._connection, "SELECT id, target, state FROM moves")
        return Move(found[0][0], found[0][1], MoveState(found[0][2])) if found else None

    def begin(self, target: str, new_id: str) -> Move:
        with Transaction(self._connection):
            move = self.standing()
            if move is not None and move.target == target:
                return move
            if move is not None and move.state in (MoveState.FENCED, MoveState.DONE):
                raise Conflict(f"this installation {_SAID[move.state]} to {move.target}, and not to {target}")
            self._connection.execute("DELETE FROM moves")
            self._connection.execute("INSERT INTO moves (id, target, state) VALUES (?, ?, 'copying')", (new_id, target))
            return Move(new_id, target, MoveState.COPYING)

    def close(self, move: Move, until: Instant) -> None:
        self._go(move, MoveState.CLOSING, MoveState.COPYING, MoveState.CLOSING, until=until)

    def holders(self) -> list[str]:
        return [row[0] for row in fetch(self._connection, _HELD)]

    def fence(self, move: Move) -> bool:
        with Transaction(self._connection):
            if self.holders():
                return False
            self._change(move, MoveState.FENCED, (MoveState.COPYING, MoveState.CLOSING, MoveState.FENCED), 0)
            return True

    def finish(self, move: Move) -> None:
        self._go(move, MoveState.DONE, MoveState.FENCED, MoveState.DONE)

    def reopen(self, move: Move) -> None:
        self._go(move, MoveState.COPYING, MoveState.COPYING, MoveState.CLOSING, MoveState.FENCED)

    def _go(self, move: Move, state: MoveState, *before: MoveState, until: Instant = 0) -> None:
        with Transaction(self._connection):
            self._change(move, state, before, until)

    def _change(self, move: Move, state: MoveState, before: tuple[MoveState, ...], until: Instant) -> None:
        standing = self.standing()
        if standing is None or standing.id != move.id or standing.state not in before:
            raise Conflict(f"the move to {move.target} was changed by somebody else: make it again")
        self._connection.execute("UPDATE moves SET state = ?, until = ?", (state, until))

    def _table(self, name: str) -> Table:
        info = fetch(self._connection, "SELECT name, pk FROM pragma_table_info(?)", (name,))
        primary = [column for column, place in sorted(info, key=lambda one: int(one[1])) if place]
        key = _KEYS.get(name, primary)
        left_out = set(primary) - set(key)
        others = [column for column, _ in info if column not in key and column not in left_out]
        return Table(name, (*key, *others), len(key))


_SAID: Final = {MoveState.FENCED: "is moving", MoveState.DONE: "has moved"}


def _quoted(name: str) -> str:
    return f'"{name}"'
