"""The store of definitions, with a version kept at each change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from treadle.domain.chains import Links
from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.limits import Limits
from treadle.domain.schedules import Schedule


class Document(Struct, frozen=True, kw_only=True):
    """A named, versioned definition (a job, …) as its encoded body. `version` counts from 1."""

    domain: str
    kind: str
    id: str
    version: int
    body: bytes
    created_at: Instant
    updated_at: Instant


class Save(Struct, frozen=True, kw_only=True):
    """A definition to be written with its schedules and events, all or nothing.

    `expected` is the version the writer saw: 0 means that it must not exist, None that any will do. `schedules` take
    the place of those in `replaces`, as the writer saw them: one that has fired since would fire again. `consumes` is
    the type of messages whose arrival starts the job. `limits` are in force at once, also for runs that wait already.
    `links` are the other definitions of its kind that it names.
    """

    domain: str
    kind: str
    id: str
    body: bytes
    at: Instant
    expected: int | None = None
    schedules: tuple[Schedule, ...] = ()
    replaces: tuple[Schedule, ...] = ()
    consumes: str | None = None
    limits: Limits | None = None
    links: Links = Links()
    events: tuple[NewEvent, ...] = ()


class Naming(NamedTuple):
    """A definition that names another: to run after it, or else to wait for its runs."""

    id: str
    named: str
    after: bool


class DocumentStore(Protocol):
    """Definitions, with a version kept at each change."""

    async def save(self, save: Save) -> Document:
        """Write a new version.

        Raises InvalidInput where it names one that is not there, or where the names would lead in a circle.
        Raises StaleVersion where `expected`, or a cursor in `replaces`, stands no more, or where one of `schedules`
        stands that is not in `replaces`.
        """
        ...

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
        """Remove a definition and the schedules named; its versions are kept. False where there was none.

        Raises Conflict where another one names it.
        Raises StaleVersion where `expected` is not the version that stands.
        """
        ...

    async def get(self, domain: str, kind: str, document_id: str) -> Document | None:
        """The version that stands."""
        ...

    async def find(self, domain: str, kind: str, *, after: str = "", limit: int = 200) -> list[Document]:
        """Definitions by id, from the first beyond `after`."""
        ...

    async def naming(self, domain: str, kind: str, named: Sequence[str], limit: int) -> list[Naming]:
        """The definitions that name any of these, by id; `limit` of them at most."""
        ...

    async def versions(
        self, domain: str, kind: str, document_id: str, limit: int, *, upto: int | None = None
    ) -> list[Document]:
        """The versions of a definition `upto` one, newest first; also of one that was deleted."""
        ...
