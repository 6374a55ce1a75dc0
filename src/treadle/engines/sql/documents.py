"""Definitions, with a version kept at each change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from treadle.domain.errors import StaleVersion
from treadle.domain.events import NewEvent
from treadle.engines.contract import Document, Naming, Save, Topic
from treadle.engines.sql import schedules as schedule_rows
from treadle.engines.sql.admission import admit
from treadle.engines.sql.gates import declare
from treadle.engines.sql.links import delete_links, put_links
from treadle.engines.sql.transaction import Reader, Row, Transaction, Writer, append


class Documents:
    """See `contract.DocumentStore`."""

    def __init__(self, write: Writer[Transaction], read: Reader) -> None:
        self._write = write
        self._read = read

    async def save(self, save: Save) -> Document:
        async def work(tx: Transaction) -> Document:
            tx.topics.update((Topic.SCHEDULES, Topic.EVENTS, Topic.MESSAGES))
            name = (save.domain, save.kind, save.id)
            await tx.lock("documents.lock", *name)
            standing = await tx.call("documents.get", *name)
            version = standing[0][3] if standing else 0
            _check_version(save.kind, save.id, save.expected, version)
            ((newest,),) = await tx.call("documents.newest_version", *name)
            created_at = standing[0][5] if standing else save.at
            row = (*name, newest + 1, save.body, created_at, save.at)
            await tx.call("documents.put", *row)
            await tx.call("documents.put_version", *row)
            await schedule_rows.take_away(tx, save.replaces)
            await schedule_rows.put(tx, save.schedules)
            await put_links(tx, save)
            await _put_consumer(tx, save)
            if save.limits is not None:
                await admit(tx, await declare(tx, save.domain, save.limits, over=_always), save.at)
                tx.topics.add(Topic.RUNS)
            await append(tx, save.events)
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
        async def work(tx: Transaction) -> bool:
            name = (domain, kind, document_id)
            await tx.lock("documents.lock", *name)
            deleted = await tx.call("documents.delete", *name)
            if not deleted:
                return False
            _check_version(kind, document_id, expected, deleted[0][0])
            tx.topics.update((Topic.SCHEDULES, Topic.EVENTS))
            await delete_links(tx, *name)
            await schedule_rows.delete(tx, domain, schedule_ids)
            await tx.call("documents.delete_consumer", *name)
            await append(tx, events)
            return True

        return await self._write(work)

    async def get(self, domain: str, kind: str, document_id: str) -> Document | None:
        found = await self._select("documents.get", domain, kind, document_id)
        return found[0] if found else None

    async def find(self, domain: str, kind: str, *, after: str = "", limit: int = 200) -> list[Document]:
        return await self._select("documents.list", domain, kind, after, limit)

    async def naming(self, domain: str, kind: str, named: Sequence[str], limit: int) -> list[Naming]:
        rows = await self._read.call("documents.naming", domain, kind, list(named), limit)
        return [Naming(document_id, other, bool(after)) for document_id, other, after in rows]

    async def versions(
        self, domain: str, kind: str, document_id: str, limit: int, *, upto: int | None = None
    ) -> list[Document]:
        return await self._select("documents.versions", domain, kind, document_id, upto, limit)

    async def _select(self, name: str, *values: Any) -> list[Document]:
        return [_to_document(row) for row in await self._read.call(name, *values)]


def _always(_key: str) -> bool:
    return True


def _check_version(kind: str, document_id: str, expected: int | None, version: int) -> None:
    """Raises StaleVersion where the writer saw another version than the one that stands (0: none)."""
    if expected is not None and expected != version:
        stands = f"is at version {version}, not {expected}" if version else "does not exist"
        raise StaleVersion(f"{kind} {document_id} {stands}", version or None)


async def _put_consumer(tx: Transaction, save: Save) -> None:
    name = (save.domain, save.kind, save.id)
    await tx.call("documents.delete_consumer", *name)
    if save.consumes is not None:
        await tx.call("documents.put_consumer", *name, save.consumes)


def _to_document(row: Row) -> Document:
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
