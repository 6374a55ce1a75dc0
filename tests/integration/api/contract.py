"""Holds every answer that any test gets against the OpenAPI document: it must be true, not only there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import httpx2
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

_DOCUMENT: Final[dict[str, Any]] = {}


async def load(client: httpx2.AsyncClient) -> dict[str, Any]:
    """The OpenAPI document, asked for once."""
    if not _DOCUMENT:
        _DOCUMENT.update((await client.get("/openapi.json")).json())
    return _DOCUMENT


def document() -> dict[str, Any]:
    """The document, once it was loaded."""
    return _DOCUMENT


async def check(response: httpx2.Response) -> None:
    """Fails where an answer is not described, or is not as described."""
    found = operation(response.request.method, response.request.url.path)
    if found is None:
        return  # no route of the document: the answers of the docs page, 404 and 405
    described = found["responses"].get(str(response.status_code))
    assert described is not None, f"{response.status_code} of {found['operationId']} is not described"
    media_type = response.headers.get("content-type", "").partition(";")[0]
    if response.status_code == 204:
        return
    assert media_type in described["content"], (
        f"{response.status_code} as {media_type} of {found['operationId']} is not described"
    )
    if not media_type.startswith("text/"):
        await response.aread()
        _validator(described["content"][media_type]["schema"]["$ref"]).validate(response.json())


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation as (method, path, description)."""
    for path, methods in _DOCUMENT["paths"].items():
        for method, description in methods.items():
            yield method.upper(), path, description


def operation(method: str, path: str) -> dict[str, Any] | None:
    """The description of the operation that a request calls."""
    path = re.sub(r"^/api(/v1)?(?=/)", "", path).rstrip("/")
    candidates = [each for each in operations() if each[0] == method and _pattern(each[1]).fullmatch(path)]
    # A fixed path goes before one with a placeholder.
    return min(candidates, key=lambda each: each[1].count("{"))[2] if candidates else None


def by_id(operation_id: str) -> dict[str, Any]:
    """The description of an operation."""
    return next(told for _, _, told in operations() if told["operationId"] == operation_id)


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", path))


@cache
def _validator(reference: str) -> Draft202012Validator:
    registry: Registry[Any] = Registry().with_resource("api:", DRAFT202012.create_resource(_DOCUMENT))
    return Draft202012Validator({"$ref": f"api:{reference}"}, registry=registry)
