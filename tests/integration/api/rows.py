"""All that is stored of a domain, row by row, whatever the API tells of it."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg

from tests.integration.api.server import Server
from tests.integration.api.world import World


async def rows_of(server: Server, there: World) -> dict[str, list[str]]:
    """The rows of a domain by table: those of its name, and where a table has no domain, those that name its things.

    When a token was used last is left out: reading all of it uses one, and is noted once a minute.
    """
    tables = await (_sqlite(server) if server.engine.name == "sqlite" else _postgres(server))
    return {
        table: sorted(str({**row, "used_at": None}) for row in rows if _is_of(row, there))
        for table, rows in tables.items()
    }


def _is_of(row: dict[str, Any], there: World) -> bool:
    if "domain" in row:
        return bool(row["domain"] == there.name)
    return bool(there.traces_in(str(row)))


async def _sqlite(server: Server) -> dict[str, list[dict[str, Any]]]:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        await server.engine.backup(copy)
        with closing(sqlite3.connect(copy)) as connection:
            connection.row_factory = sqlite3.Row
            found = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
            return {
                name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')]  # noqa: S608
                for (name,) in found
            }


async def _postgres(server: Server) -> dict[str, list[dict[str, Any]]]:
    connection = await asyncpg.connect(server.services.settings.engine_url)
    try:
        found = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'treadle'")
        return {
            name: [dict(row) for row in await connection.fetch(f'SELECT * FROM treadle."{name}"')]  # noqa: S608
            for (name,) in found
        }
    finally:
        await connection.close()
