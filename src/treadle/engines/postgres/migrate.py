"""The schema: numbered files, each applied once, in its transaction, by whoever comes first.

A release changes the schema in two phases. A file that only adds says `-- serves: N`, the oldest schema whose release
still runs on what it makes: that release goes on working beside the new one. What takes away comes a release later,
with a file that serves only those who know of it. So a release runs on any schema that serves its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from typing import Final

import asyncpg
from msgspec import Struct

from treadle.domain.errors import SchemaTooNew
from treadle.engines.postgres.periods import make_ahead
from treadle.engines.postgres.pool import DRIVER_ERRORS, translate

_LOCK: Final = 0x7472656164_01
"""The advisory lock under which one process at a time migrates a database."""

_SERVES: Final = re.compile(r"^-- serves: (\d+)$", re.MULTILINE)
PATIENCE_SECONDS: Final = 3600.0
"""How long a migration may take, and another process's before it."""

_START: Final = f"""
SET LOCAL lock_timeout = 0;
SELECT pg_advisory_xact_lock({_LOCK});
CREATE SCHEMA IF NOT EXISTS treadle;
CREATE TABLE IF NOT EXISTS treadle.schema_versions (
  version    bigint PRIMARY KEY,
  serves     bigint NOT NULL,              -- the oldest version whose release runs on this one
  applied_at timestamptz NOT NULL DEFAULT now()
);
"""


class Migration(Struct, frozen=True):
    """One step of the schema; see above."""

    statements: str
    serves: int


def shipped() -> dict[int, Migration]:
    """This release's migrations by number."""
    folder = resources.files(__package__) / "migrations"
    texts = {int(file.name[:4]): file.read_text() for file in folder.iterdir() if file.name.endswith(".sql")}
    return {number: _read(number, text) for number, text in texts.items()}


async def migrate_database(pool: asyncpg.Pool, migrations: Mapping[int, Migration] | None = None) -> None:
    """Bring the schema up to this release's. Raises SchemaTooNew where it serves only newer ones, Unavailable."""
    migrations = migrations or shipped()
    try:
        async with pool.acquire() as connection:
            if await _stands(connection) != max(migrations):
                await _migrate(connection, migrations)
    except DRIVER_ERRORS as error:
        raise translate(error) from error


async def schema_versions(pool: asyncpg.Pool) -> tuple[int, int]:
    """The version of the schema that is there, and of the one that this release makes. Raises Unavailable."""
    try:
        async with pool.acquire() as connection:
            return await _stands(connection), max(shipped())
    except DRIVER_ERRORS as error:
        raise translate(error) from error


async def _stands(connection: asyncpg.Connection) -> int:
    """The schema that is there, 0 for none: told without a lock, since nearly always nothing is to be done."""
    if await connection.fetchval("SELECT to_regclass('treadle.schema_versions')") is None:
        return 0
    return int(await connection.fetchval("SELECT coalesce(max(version), 0) FROM treadle.schema_versions"))


async def _migrate(connection: asyncpg.Connection, migrations: Mapping[int, Migration]) -> None:
    newest = max(migrations)
    async with connection.transaction():
        await connection.execute(_START, timeout=PATIENCE_SECONDS)
        found = await _stands(connection)
        needs = await connection.fetchval("SELECT coalesce(max(serves), 0) FROM treadle.schema_versions")
        if needs > newest:
            raise SchemaTooNew(
                f"the database has schema {found}, this release of Treadle knows up to {newest}: use the newer release"
            )
        for number in range(found + 1, newest + 1):
            await connection.execute(migrations[number].statements, timeout=PATIENCE_SECONDS)
            await connection.execute(
                "INSERT INTO treadle.schema_versions (version, serves) VALUES ($1, $2)",
                number,
                migrations[number].serves,
            )
        if not found:
            await make_ahead(connection.fetch, await connection.fetchval("SELECT treadle.now()"))


def _read(number: int, text: str) -> Migration:
    serves = _SERVES.search(text)
    return Migration(text, int(serves[1]) if serves else number)
