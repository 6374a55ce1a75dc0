"""The release before this one on PostgreSQL: its schema, its statements, and what it said in a day's work.

`python -m tests.support.before` records the release that is checked out as the one before the next. Whoever publishes a
release does so; until the first one is out, whoever changes a migration does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias
from unittest import mock

import asyncpg
import msgspec
from msgspec import Struct

from tests.support.day_of_work import afternoon, morning
from tests.support.postgres import databases
from treadle.domain.runs import State
from treadle.engines.contract import RunQuery
from treadle.engines.postgres.engine import open_postgres
from treadle.engines.postgres.migrate import shipped
from treadle.engines.postgres.periods import standing
from treadle.engines.postgres.queries import STATEMENTS
from treadle.testing.driver import Driver

FOLDER: Final = Path(__file__).parents[1] / "integration" / "before"

_NOT_ITS_WORK: Final = ("pg_notify", "NOTIFY", "LISTEN", "(extract(epoch FROM clock_timestamp())")

Value: TypeAlias = Any


class Said(Struct, array_like=True, frozen=True):
    """A statement by its place among the texts, its values, and how many rows it answered; None where it was not asked
    for any: then it may be several statements."""

    text: int
    values: list[Value]
    rows: int | None


class Day(Struct, frozen=True):
    """A day's work of the release before: what it said before noon and after, and how its runs stood in the evening."""

    texts: list[str]
    morning: list[Said]
    afternoon: list[Said]
    evening: dict[str, State]


class Before(Struct, frozen=True):
    """The release before this one."""

    version: int
    schema: str
    statements: dict[str, str]
    day: Day


def load() -> Before:
    """What was recorded of it."""
    schema = (FOLDER / "schema.sql").read_text()
    return Before(
        version=int(schema.split("\n", 1)[0].removeprefix("-- version: ")),
        schema=schema,
        statements=msgspec.json.decode((FOLDER / "statements.json").read_bytes(), type=dict[str, str]),
        day=msgspec.json.decode((FOLDER / "day.json").read_bytes(), type=Day),
    )


async def replay(connection: asyncpg.Connection, day: Day, said: Sequence[Said]) -> None:
    """Say it again. Fails where a statement fails, or answers another number of rows than then."""
    for each in said:
        text = day.texts[each.text]
        if each.rows is None:
            await connection.execute(text)
        else:
            rows = await connection.fetch(text, *map(_from_json, each.values))
            assert len(rows) == each.rows, f"{len(rows)} rows where there were {each.rows}: {text}"


class _Recorder:
    """Writes down what goes over the connections of a process."""

    def __init__(self) -> None:
        self.texts: dict[str, int] = {}
        self.said: list[Said] = []

    def note(self, text: str, values: Sequence[Value], rows: int | None) -> None:
        if not any(word in text for word in _NOT_ITS_WORK):
            place = self.texts.setdefault(text, len(self.texts))
            self.said.append(Said(place, [_to_json(value) for value in values], rows))

    def take(self) -> list[Said]:
        """What was said since the last time."""
        said, self.said = self.said, []
        return said

    @contextmanager
    def listening(self) -> Iterator[None]:
        fetch, fetchrow, execute = (getattr(asyncpg.Connection, name) for name in ("fetch", "fetchrow", "execute"))
        recorder = self

        async def noted_fetch(self: asyncpg.Connection, text: str, *values: Value, **options: Any) -> Any:
            rows = await fetch(self, text, *values, **options)
            recorder.note(text, values, len(rows))
            return rows

        async def noted_fetchrow(self: asyncpg.Connection, text: str, *values: Value, **options: Any) -> Any:
            row = await fetchrow(self, text, *values, **options)
            recorder.note(text, values, int(row is not None))
            return row

        async def noted_execute(self: asyncpg.Connection, text: str, *values: Value, **options: Any) -> Any:
            answer = await execute(self, text, *values, **options)
            recorder.note(text, values, None if not values else 0)
            return answer

        with mock.patch.multiple(asyncpg.Connection, fetch=noted_fetch, fetchrow=noted_fetchrow, execute=noted_execute):
            yield


def _to_json(value: Value) -> Value:
    if isinstance(value, bytes):
        return {"bytes": value.decode("latin-1")}
    if isinstance(value, list | tuple | set | frozenset):
        return [_to_json(each) for each in value]
    return value


def _from_json(value: Value) -> Value:
    if isinstance(value, dict):
        return value["bytes"].encode("latin-1")
    return [_from_json(each) for each in value] if isinstance(value, list) else value


async def _schema(connection: asyncpg.Connection) -> str:
    """All that a new database has from this release, the weeks of its history included."""
    parts = [f"-- version: {max(shipped())}", "CREATE SCHEMA treadle;"]
    parts.append("CREATE TABLE treadle.schema_versions (version bigint PRIMARY KEY, serves bigint NOT NULL,")
    parts.append("  applied_at timestamptz NOT NULL DEFAULT now());")
    for number, migration in sorted(shipped().items()):
        parts.append(migration.statements)
        parts.append(f"INSERT INTO treadle.schema_versions VALUES ({number}, {migration.serves});")  # noqa: S608 - numbers
    async with connection.transaction():
        for week in await standing(connection.fetch):
            parts.append(f"CREATE TABLE treadle.{week.table} (LIKE treadle.history INCLUDING ALL);")
            parts.append(f"ALTER TABLE treadle.history ATTACH PARTITION treadle.{week.table}")
            parts.append(f"  FOR VALUES FROM ({week.start}) TO ({week.end});")
    return "\n".join(parts) + "\n"


async def _record(url: str) -> None:
    recorder = _Recorder()
    engine = await open_postgres(f"{url}&connections=1")
    drive = Driver(engine)
    with recorder.listening():
        kept = await morning(engine, drive)
        before_noon = recorder.take()
        await afternoon(engine, drive, kept)
        after_noon = recorder.take()
    runs = await engine.runs.find(RunQuery(domain="default", limit=1_000))
    await engine.close()
    day = Day(list(recorder.texts), before_noon, after_noon, {run.id: run.state for run in runs})
    connection = await asyncpg.connect(url)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "schema.sql").write_text(await _schema(connection))
    (FOLDER / "statements.json").write_text(_lines(STATEMENTS))
    (FOLDER / "day.json").write_text(_lines(msgspec.structs.asdict(day)))
    await connection.close()
    missed = [name for name, text in STATEMENTS.items() if text not in recorder.texts]
    print(f"{len(before_noon) + len(after_noon)} statements; never said: {' '.join(missed)}")


def _lines(value: dict[str, Any]) -> str:
    """JSON whose changes can be read: an entry a line, and so are the elements of lists."""
    entries = []
    for name, entry in value.items():
        text = msgspec.json.encode(entry).decode()
        if isinstance(entry, list):
            text = "[\n" + ",\n".join(msgspec.json.encode(each).decode() for each in entry) + "\n]"
        entries.append(f'"{name}": {text}')
    return "{\n" + ",\n".join(entries) + "\n}\n"


if __name__ == "__main__":
    with databases() as made:
        asyncio.run(_record(made.url(asyncio.run(made.create()))))
