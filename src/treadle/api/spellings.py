"""Other spellings of calls: a table by which a path is read as the one that its route has. No second routes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from msgspec import Struct

from treadle.domain.runs import DEFAULT_QUEUE


class Spelling(Struct, frozen=True):
    """A call under another path. `to` may end in a query, and name a `{queue}` which comes from the query of the call.

    `accept` takes the place of the header, for paths that are streams by their name.
    """

    method: str
    path: str
    to: str
    accept: str = ""


SPELLINGS: Final = (
    Spelling("GET", "/audit/logs", "/audit-events"),
    Spelling("GET", "/auth/me", "/session"),
    Spelling("GET", "/events/stream", "/events", accept="text/event-stream"),
    Spelling("GET", "/runs/{id}/stream", "/runs/{id}/logs?follow=true"),
    # Of platforms that have one queue: it is the default one where the query names none.
    Spelling("GET", "/queue", "/queues/{queue}"),
    Spelling("GET", "/queue/status", "/queues/{queue}"),
    Spelling("GET", "/queue/overview", "/queues"),
    Spelling("POST", "/queue/pause", "/queues/{queue}/pause"),
    Spelling("POST", "/queue/resume", "/queues/{queue}/resume"),
    Spelling("POST", "/queue/drain", "/queues/{queue}/drain"),
    Spelling("GET", "/queue/jobs", "/runs"),
    Spelling("GET", "/queue/jobs/{id}", "/runs/{id}"),
    Spelling("POST", "/queue/cancel/{id}", "/runs/{id}/cancel"),
    Spelling("GET", "/queue/dlq", "/dead-letters"),
    Spelling("POST", "/queue/dlq/retry/{id}", "/dead-letters/{id}/retry"),
    Spelling("GET", "/worker/jobs", "/jobs"),
    Spelling("GET", "/worker/executions", "/runs"),
    Spelling("GET", "/worker/executions/{id}", "/jobs/{id}/runs"),
    Spelling("GET", "/worker/stats/{id}", "/stats/overview?job={id}"),
    Spelling("GET", "/worker/overview", "/stats/overview"),
    Spelling("GET", "/admin/domains", "/domains"),
    Spelling("POST", "/admin/domains", "/domains"),
    Spelling("GET", "/admin/domains/{id}", "/domains/{id}"),
    Spelling("PUT", "/admin/domains/{id}", "/domains/{id}"),
    Spelling("DELETE", "/admin/domains/{id}", "/domains/{id}"),
    Spelling("POST", "/admin/domains/{id}/token", "/domains/{id}/token"),
)
"""Every one. The first segment tells whether a path may be among them."""

_ID: Final = "{id}"
_QUEUE: Final = "{queue}"


class Told(Struct, frozen=True):
    """A call as its route knows it."""

    path: str
    query: bytes
    accept: str


def read_spelling(method: str, path: str, query: bytes) -> Told | None:
    """A call as its route knows it; None where it is spelt so already."""
    parts = tuple(path.split("/"))
    for parts_of, one in _BY_SHAPE.get((method, len(parts)), ()):
        if all(want in (_ID, part) for want, part in zip(parts_of, parts, strict=True)):
            return _tell(one, dict(zip(parts_of, parts, strict=True)).get(_ID, ""), query)
    return None


def _tell(one: Spelling, thing: str, query: bytes) -> Told:
    path, _, more = one.to.partition("?")
    asked = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    if _QUEUE in path:
        named = [value for name, value in asked if name == "queue"]
        asked = [(name, value) for name, value in asked if name != "queue"]
        path = path.replace(_QUEUE, named[-1] if named else DEFAULT_QUEUE)
    asked += parse_qsl(more.replace(_ID, quote(thing, safe="")))
    return Told(path.replace(_ID, thing), urlencode(asked).encode(), one.accept)


def _by_shape(spellings: Iterable[Spelling]) -> dict[tuple[str, int], list[tuple[tuple[str, ...], Spelling]]]:
    found: dict[tuple[str, int], list[tuple[tuple[str, ...], Spelling]]] = {}
    for one in spellings:
        parts = tuple(one.path.split("/"))
        found.setdefault((one.method, len(parts)), []).append((parts, one))
    return found


_BY_SHAPE: Final = _by_shape(SPELLINGS)
