"""Definitions, with a version kept at each change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import apsw

from treadle.domain.errors import StaleVersion
from treadle.domain.events import NewEvent
from treadle.engines.contract import Document, Save, Topic
from treadle.engines.sql.links import delete_links, put_links
from treadle.engines.sql.transaction import append
from treadle.engines.sqlite import schedules as schedule_rows
from treadle.engines.sqlite.admission import admit
from treadle.engines.sqlite.connection import fetch
from treadle.engines.sqlite.gates import declare
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.reader import Reader
from treadle.engines.sqlite.writer import Write, Writer

_SQL: Final = load("documents")


class SqliteDocuments:
    """See `contract.DocumentStore`."""

    def __init__(self, write: Writer, read: Reader) -> None:
        self._write = write
        self._read = read

    async def save(self, save: Save) -> Document:
        async def work(write: Write) -> Document:
            write.topics.update((Topic.SCHEDULES, Topic.EVENTS, Topic.MESSAGES))
            connection = write.connection
            name = (save.domain, save.kind, save.id)
            standing = fetch(connection, _SQL["get"], name)
            version = standing[0][3] if standing else 0
            _check_version(save.kind, save.id, save.expected, version)
            ((newest,),) = fetch(connection, _SQL["newest_version"], name)
            created_at = standing[0][5] if standing else save.at
            row = (*name, newest + 1, save.body, created_at, save.at)
            connection.execute(_SQL["put"], row)
            connection.execute(_SQL["put_version"], row)
            schedule_rows.take_away(connection, save.replaces)
            schedule_rows.put(connection, save.schedules)
            _put_consumer(connection, save)
            await put_links(write, save)
            if save.limits is not None:
                admit(connection, declare(connection, save.domain, save.limits, over=_always), save.at)
                write.topics.add(Topic.RUNS)
            await append(write, save.events)
            return _to_document(row)

        return await self._write(work)

    async def delete(
        self,
        domain: str,
        kind: str,
        document_id: str,
        *,
        expected: int | None = None,
        schedule_ids: Sequence[str] = (),
        events: Sequence[NewEvent] = (),
    ) -> bool:
        async def work(write: Write) -> bool:
            deleted = fetch(write.connection, _SQL["delete"], (domain, kind, document_id))
            if not deleted:
                return False
            _check_version(kind, document_id, expected, deleted[0][0])
            write.topics.update((Topic.SCHEDULES, Topic.EVENTS))
            await delete_links(write, domain, kind, document_id)
            schedule_rows.delete(write.connection, domain, schedule_ids)
            write.connection.execute(_SQL["delete_consumer"], (domain, kind, document_id))
            await append(write, events)
            return True

        return await self._write(work)

    async def get(self, domain: str, kind: str, document_id: str) -> Document | None:
        found = await self._select("get", (domain, kind, document_id))
        return found[0] if found else None

    async def find(self, domain: str, kind: str, *, after: str = "", limit: int = 200) -> list[Document]:
        return await self._select("list", (domain, kind, after, limit))

    async def versions(
        self, domain: str, kind: str, document_id: str, limit: int, *, upto: int | None = None
    ) -> list[Document]:
        return await self._select("versions", (domain, kind, document_id, upto, limit))

    async def _select(self, statement: str, values: tuple[Any, ...]) -> list[Document]:
        rows = await self._read(lambda connection: fetch(connection, _SQL[statement], values))
        return [_to_document(row) for row in rows]


def _always(_key: str) -> bool:
    return True


def _check_version(kind: str, document_id: str, expected: int | None, version: int) -> None:
    """Raises StaleVersion where the writer saw another version than the one that stands (0: none)."""
    if expected is not None and expected != version:
        stands = f"is at version {version}, not {expected}" if version else "does not exist"
        raise StaleVersion(f"{kind} {document_id} {stands}")


def _put_consumer(connection: apsw.Connection, save: Save) -> None:
    connection.execute(_SQL["delete_consumer"], (save.domain, save.kind, save.id))
    if save.consumes is not None:
        connection.execute(_SQL["put_consumer"], (save.domain, save.kind, save.id, save.consumes))


def _to_document(row: tuple[Any, ...]) -> Document:
    domain, kind, document_id, version, body, created_at, updated_at = row
    return Document(
        domain=domain,
        kind=kind,
        id=document_id,
        version=version,
        body=body,
        created_at=created_at,
        updated_at=updated_at,
    )
