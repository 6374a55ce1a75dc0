"""PostgreSQL as the side that an installation moves to; see `engines.moving`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
from msgspec import Struct

from treadle.domain.errors import Conflict, Unavailable
from treadle.engines.moving import NOT_MOVED, Key, Move, Pair, Row, Table
from treadle.engines.postgres.migrate import migrate_database
from treadle.engines.postgres.options import read_url
from treadle.engines.postgres.pool import DRIVER_ERRORS, connect, translate

PATIENCE_SECONDS: Final = 3600.0
"""How long one statement may take: none but the last are beyond a range of rows."""

_LOCK: Final = 0x7472656164_03
_AT_WORK: Final = """
SELECT id FROM treadle.workers
WHERE state IN ('online', 'draining', 'disabled') AND lease_until > treadle.now() LIMIT 1
"""
_COLUMNS: Final = """
SELECT column_name, data_type FROM information_schema.columns
WHERE table_schema = 'treadle' AND table_name = $1 ORDER BY ordinal_position
"""
_IDENTITIES: Final = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'treadle' AND is_identity = 'YES'
"""

_RENAMED: Final = {("rates", "window"): "span", ("links", "after"): "follows"}

ORDINAL_BITS: Final = 20
"""The position of an event is that of its batch, shifted by so many bits, and its ordinal."""

_BEFORE_ALL: Final = -(1 << 40)
"""Batches that came from elsewhere are numbered from here on, by their positions: below those of this side."""


async def check_complete(pool: asyncpg.Pool) -> None:
    """Raises Unavailable where an installation is being moved here, and the move is not complete."""
    try:
        unfinished = await pool.fetchval("SELECT EXISTS (SELECT 1 FROM treadle.moves WHERE report IS NULL)")
    except DRIVER_ERRORS as error:
        raise translate(error) from error
    if unfinished:
        raise Unavailable(
            "an installation is being moved into this database: `treadle migrate` has to end first. If that was made "
            "to another database instead, what is here is of no use: DROP SCHEMA treadle, treadle_view CASCADE"
        )


class PostgresPair(Struct, frozen=True):
    """See `engines.moving.Pair`. `converters` has one for each column that is not the same on both sides."""

    source: Table
    target: Table
    converters: tuple[Callable[[Any], Any] | None, ...]
    numbered: bool

    def convert(self, rows: Sequence[Row]) -> list[Row]:
        if self.numbered:
            rows = [(*_batch(row[0]), *row[1:]) for row in rows]
        if self.source.name == "keys":
            rows = [_event_key(self.source, row) for row in rows]
        return [
            tuple([value if to is None else to(value) for to, value in zip(self.converters, row, strict=True)])
            for row in rows
        ]


class PostgresTarget:
    """See `engines.moving.Target`. Made by `open_target`."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._last_pass: asyncpg.transaction.Transaction | None = None
        self._id = ""

    async def begin(self, move: Move) -> str | None:
        if not await self._connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
            raise Conflict("another `treadle migrate` is at work on that database")
        self._id = move.id
        known = {row[0]: row[1] for row in await self._connection.fetch("SELECT id, report FROM treadle.moves")}
        if move.id in known:
            report: str | None = known[move.id]
            if report is None:
                await self._check_idle()
            return report
        if known:
            raise Conflict("another installation was moved into that database, or is being moved: name an empty one")
        await self._check_idle()
        await self._check_empty()
        await self._connection.execute("INSERT INTO treadle.moves (id) VALUES ($1)", move.id)
        return None

    async def pair(self, source: Table) -> PostgresPair:
        types = {row[0]: row[1] for row in await self._connection.fetch(_COLUMNS, source.name)}
        numbered = source.name in ("events", "deliveries")
        names = [_RENAMED.get((source.name, column), column) for column in source.columns]
        if numbered:
            names[:1] = ["batch", "ordinal"]
        if set(names) != set(types):
            raise Conflict(f"the table {source.name} is not the same on both sides: the releases differ")
        target = Table(source.name, tuple(names), source.key + numbered)
        converters = tuple(_CONVERTERS.get(types[name]) for name in names)
        return PostgresPair(source, target, converters, numbered)

    async def begin_last_pass(self) -> None:
        self._last_pass = self._connection.transaction()
        await self._last_pass.start()
        await self._connection.execute("LOCK TABLE treadle.runs, treadle.workers IN EXCLUSIVE MODE")
        await self._check_idle()

    async def rows(self, pair: Pair, after: Key | None, upto: Key | None) -> list[Row]:
        where, values = _between(pair, after, upto)
        columns, key = ", ".join(pair.target.columns), ", ".join(pair.target.columns[: pair.target.key])
        statement = f"SELECT {columns} FROM treadle.{pair.target.name} {where} ORDER BY {key}"  # noqa: S608
        found: list[Row] = await self._connection.fetch(statement, *values)
        return found

    async def replace(self, pair: Pair, after: Key | None, upto: Key | None, rows: Sequence[Row]) -> None:
        where, values = _between(pair, after, upto)
        async with self._connection.transaction():
            await self._connection.execute(f"DELETE FROM treadle.{pair.target.name} {where}", *values)  # noqa: S608
            if pair.target.name == "events":
                positions = {row[0]: row[0] - _BEFORE_ALL for row in rows}
                await self._connection.executemany(
                    "INSERT INTO treadle.event_batches (id, position) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    list(positions.items()),
                )
            await self._connection.copy_records_to_table(
                pair.target.name, schema_name="treadle", columns=pair.target.columns, records=rows
            )

    async def complete(self, report: str) -> None:
        assert self._last_pass is not None  # noqa: S101 - the order of a move
        await self._number_on()
        await self._connection.execute("UPDATE treadle.moves SET report = $2 WHERE id = $1", self._id, report)
        await self._last_pass.commit()
        await self._connection.execute("ANALYZE")

    async def _number_on(self) -> None:
        """Let what is numbered go on beyond what was brought."""
        for table, column in await self._connection.fetch(_IDENTITIES):
            await self._connection.execute(
                f"SELECT setval(pg_get_serial_sequence('treadle.{table}', '{column}'), newest) "  # noqa: S608
                f"FROM (SELECT max({column}) AS newest FROM treadle.{table}) AS those WHERE newest IS NOT NULL"
            )
        await self._connection.execute(
            "DELETE FROM treadle.event_batches WHERE id < 0 AND id NOT IN (SELECT batch FROM treadle.events)"
        )
        await self._connection.execute(
            "SELECT setval('treadle.positions', newest) "
            "FROM (SELECT max(position) AS newest FROM treadle.event_batches) AS those WHERE newest IS NOT NULL"
        )

    async def _check_idle(self) -> None:
        if (worker := await self._connection.fetchval(_AT_WORK)) is not None:
            raise Conflict(f"{worker} is at work on that database: stop the services there first")

    async def _check_empty(self) -> None:
        tables = await self._connection.fetch(
            "SELECT relname FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace "
            "WHERE nspname = 'treadle' AND relkind IN ('r', 'p') AND NOT relispartition"
        )
        for (table,) in tables:
            if table in NOT_MOVED | {"schema_versions", "installation"}:
                continue
            if await self._connection.fetchval(f"SELECT EXISTS (SELECT 1 FROM treadle.{table})"):  # noqa: S608
                raise Conflict(f"that database is in use: there is something in treadle.{table}; name an empty one")


@asynccontextmanager
async def open_target(url: str) -> AsyncIterator[PostgresTarget]:
    """The database of a URL, with this release's schema, until the block ends. What is not complete is undone.

    Raises InvalidInput, SchemaTooNew and Unavailable.
    """
    dsn = read_url(url).dsn
    try:
        async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool:
            await migrate_database(pool)
        connection = await connect(dsn, patience=PATIENCE_SECONDS)
        try:
            yield PostgresTarget(connection)
        finally:
            await connection.close()
    except DRIVER_ERRORS as error:
        raise translate(error) from error


def _batch(seq: int) -> tuple[int, int]:
    """The batch and the ordinal of an event from its position elsewhere, which it keeps here."""
    return (seq >> ORDINAL_BITS) + _BEFORE_ALL, seq & (1 << ORDINAL_BITS) - 1


def _event_key(table: Table, row: Row) -> Row:
    """A key that stands for an event names it by its number there, by its batch and ordinal here."""
    named = dict(zip(table.columns, row, strict=True))
    if named["scope"] == "publish" and named["run_id"].isdecimal():
        named["run_id"] = " ".join(map(str, _batch(int(named["run_id"]))))
    return tuple(named.values())


def _between(pair: Pair, after: Key | None, upto: Key | None) -> tuple[str, list[Any]]:
    """The condition of a range, and its values."""
    key = pair.target.columns[: pair.target.key]
    conditions: list[str] = []
    values: list[Any] = []
    for bound, comparison in ((after, ">"), (upto, "<=")):
        if bound is not None:
            places = ", ".join(f"${len(values) + place + 1}" for place in range(len(key)))
            conditions.append(f"({', '.join(key)}) {comparison} ({places})")
            values += bound
    return f"WHERE {' AND '.join(conditions)}" if conditions else "", values


def _text(value: str | None) -> str | None:
    """PostgreSQL's texts hold no NUL."""
    return None if value is None else value.replace("\0", "\N{REPLACEMENT CHARACTER}")


_CONVERTERS: Final[dict[str, Callable[[Any], Any]]] = {
    "boolean": bool,
    "ARRAY": lambda value: None if value is None else json.loads(value),
    "bytea": lambda value: value.encode() if isinstance(value, str) else value,
    "text": _text,
}
