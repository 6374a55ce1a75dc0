"""Every operation of the OpenAPI document as requests that name given things: how tests go over all of the API.

A new route is found in the document by itself. Where it names something that no table here knows how to fill in, or
takes a body, the test that goes over it fails with its name: one line in a table below says what it means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any, Final, TypeAlias

import httpx2
from msgspec import Struct
from msgspec.structs import replace

from tests.integration.api import contract

Things: TypeAlias = Mapping[str, tuple[str, ...]]
"""The ids of what there is, by kind; the kinds are the values of `PLACES`."""

PLACES: Final = {
    "{job_id}": "job",
    "{run_id}": "run",
    "{schedule_id}": "schedule",
    "{message_id}": "message",
    "{worker_id}": "worker",
    "{token_id}": "token",
    "{user_id}": "user",
    "{version}": "version",
    "{group_id}": "group",
    "{selection_id}": "selection",
    "{action_id}": "bulk_action",
    "/queues/{name}": "queue",
    "/lanes/{key}": "lane",
    "/domains/{name}": "domain",
}
"""What a placeholder in a path names: by the path up to it where its name alone does not tell, else by its name."""

QUERIES: Final = {
    "against": "run",
    "job": "job",
    "run": "run",
    "schedule": "schedule",
    "queue": "queue",
    "type": "message_type",
    "error": "error",
    "failure_group": "group",
    "who": "who",
    "target": "target",
    "q": "text",
    "tag": "tag",
    "where": "where",
}
"""What a query parameter names."""

FREE_QUERIES: Final = frozenset({"cursor", "topics", "action", "timezone"})
"""Query parameters that are texts, and name nothing of a domain."""

KEYED: Final = "idempotency-key"
FREE_HEADERS: Final = frozenset({"treadle-domain", "if-match", "last-event-id"})


def _same(body: Any) -> Callable[[Things], Iterator[Any]]:
    """A body that names nothing of a domain."""
    return lambda _: iter([body])


def _each(kind: str, body: Callable[[str], Any]) -> Callable[[Things], Iterator[Any]]:
    return lambda things: map(body, things[kind])


BODIES: Final[Mapping[str, Callable[[Things], Iterator[Any]]]] = {
    "create_job": lambda things: iter([{"job_id": "next", "type": "x", "after": things["job"][:1]}]),
    "replace_job": _each("job", lambda job: {"type": "report.daily", "inputs": {"a": 3, "b": 4}, "dependencies": []}),
    "validate_job": _each("job", lambda job: {"job_id": job, "type": "x"}),
    "run_adhoc_job": _each("job", lambda job: {"job_id": job, "type": "x"}),
    "run_job": lambda things: iter([{}, *({"depends_on": [run]} for run in things["run"]), {"unique": {"key": "one"}}]),
    "submit_runs": lambda things: (
        {"runs": [{"job_id": job, **more}]} for job in things["job"] for more in ({}, {"depends_on": things["run"][:1]})
    ),
    "run_group": lambda things: (
        {"job_id": job, "inputs": [{}], "then": then} for job, then in product(things["job"], things["job"])
    ),
    "retry_run": _same({"inputs": {"a": 5}}),
    "retry_dead_letter": _same({}),
    "retry_dead_letters": _each("run", lambda run: {"run_ids": [run]}),
    "discard_dead_letter": _same({"why": "so"}),
    "discard_dead_letters": _each("run", lambda run: {"run_ids": [run], "why": "so"}),
    "resolve_failure_group": _same({"why": "so"}),
    "snooze_failure_group": _same({"until": "2027-01-01T00:00:00Z", "why": "so"}),
    "create_selection": lambda things: (
        {"filter": {key: [value]}} for key in ("run", "job", "queue", "tag", "where") for value in things[key]
    ),
    "start_bulk_action": lambda things: (
        {"selection": selection, "action": action, "dry_run": dry_run}
        for selection, action, dry_run in product(things["selection"], ("retry", "cancel", "discard"), (True, False))
    ),
    "backfill_schedule": _same({"after": "2026-11-01T00:00:00Z", "before": "2026-11-02T00:00:00Z"}),
    "set_queue": _same({"rate": {"runs": 7, "window_sec": 60}}),
    "set_lane": _same({"limit": 9}),
    "set_domain": _same({"weight": 9}),
    "create_domain": _each("domain", lambda domain: {"name": domain}),
    "create_domain_token": _same({"scopes": ["read"]}),
    "enqueue_run": _each("job", lambda job: {"jobId": job}),
    "put_messages": lambda things: (
        {"type": kind, "payload": 1, **more} for kind in things["message_type"] for more in ({}, {"dedupe_key": "d"})
    ),
    "publish_event": _same({"name": "paid", "data": {"order": 1}}),
    "create_token": lambda things: ({"name": "more", "domain": domain} for domain in things["domain"]),
    "create_user": _each("user_name", lambda name: {"name": name, "password": "correct horse battery"}),
    "change_user": _same({"scopes": ["write"]}),
    "open_session": _same({}),
    "create_own_token": _same({"expires_in_days": 1}),
}
"""What an operation that takes a body is sent."""


class Ask(Struct, frozen=True, kw_only=True):
    """One request of an operation; `names` are the kinds of things in its path."""

    operation: str
    method: str
    path: str
    names: frozenset[str]
    params: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: Any = None

    @property
    def reads(self) -> bool:
        return self.method == "GET"

    def __str__(self) -> str:
        return f"{self.operation}: {self.method} {self.path} {self.params or ''} {self.body or ''}"

    async def send(self, client: httpx2.AsyncClient, **headers: str) -> httpx2.Response:
        """The answer; each request is made by the token alone, as if no session had been opened before."""
        client.cookies.clear()
        body = {} if self.body is None else {"json": self.body}
        told = {**self.headers, **headers}
        return await client.request(self.method, self.path, params=self.params, headers=told, **body)


def asks(things: Things, *, key: str | None = None) -> Iterator[Ask]:
    """Requests of every operation, with every thing in every place; with an idempotency key where one is taken.

    What takes from others what they need comes last. Fails by name for an operation that cannot be filled in.
    """
    found = [ask for method, path, told in contract.operations() for ask in _of_operation(method, path, told, things)]
    for ask in sorted(found, key=lambda each: (each.method == "DELETE", "drain" in each.operation)):
        yield ask
        if key is not None and KEYED in parameters(ask.operation, "header"):
            yield replace(ask, headers={KEYED: key})


def streams(operation_id: str) -> bool:
    """Whether an operation answers a stream of events where that is accepted."""
    return "text/event-stream" in str(contract.by_id(operation_id)["responses"])


def _of_operation(method: str, path: str, told: Mapping[str, Any], things: Things) -> Iterator[Ask]:
    operation = told["operationId"]
    for name in parameters(operation, "header"):
        assert name in FREE_HEADERS | {KEYED}, f"{operation}: filling.py does not know the header {name}"
    queries: list[dict[str, str]] = [{}]
    for name, described in parameters(operation, "query").items():
        if name in QUERIES:
            queries += [{name: value} for value in things[QUERIES[name]]]
        elif name not in FREE_QUERIES:
            assert _is_plain(described), f"{operation}: filling.py does not know what the parameter {name} names"
    required = {name for name, each in parameters(operation, "query").items() if each.get("required")}
    if required:
        queries = [{name: _example(parameters(operation, "query")[name]) for name in required}]
    bodies = [None]
    if "requestBody" in told:
        assert operation in BODIES, f"{operation}: filling.py does not know its body"
        bodies = list(BODIES[operation](things))
    kinds = places(operation, path).values()
    pattern = re.sub(r"\{\w+\}", "{}", path)
    for values, query, body in product(product(*(things[kind] for kind in kinds)), queries, bodies):
        filled = pattern.format(*values)
        yield Ask(operation=operation, method=method, path=filled, names=frozenset(kinds), params=query, body=body)


def places(operation: str, path: str) -> dict[str, str]:
    """What each placeholder of a path names, in their order."""
    kinds = {}
    for place in re.finditer(r"\{(\w+)\}", path):
        kind = PLACES.get(path[: place.end()]) or PLACES.get(place[0])
        assert kind is not None, f"{operation}: filling.py does not know what {place[0]} of {path} names"
        kinds[place[1]] = kind
    return kinds


def parameters(operation_id: str, where: str) -> dict[str, dict[str, Any]]:
    found = contract.by_id(operation_id).get("parameters", [])
    return {each["name"].lower(): each for each in found if each["in"] == where}


def _is_plain(parameter: Mapping[str, Any]) -> bool:
    """Whether a parameter is a number, a switch, a moment or one of a few words: it names nothing."""
    return "format" in parameter["schema"] or not any(
        each.get("type") == "string" and "format" not in each and "enum" not in each and "const" not in each
        for each in _alternatives(parameter["schema"])
    )


def _alternatives(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = contract.document()["components"]["schemas"][name]
    yield schema
    inner = [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())]
    for each in inner:
        yield from _alternatives(each)


def _example(parameter: Mapping[str, Any]) -> str:
    chosen = next(each for each in _alternatives(parameter["schema"]) if "enum" in each or "const" in each)
    return str(chosen["enum"][0] if "enum" in chosen else chosen["const"])
