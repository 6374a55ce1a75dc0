"""Answers, and how OpenAPI describes them: both come from the same Structs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct
from starlette.responses import Response

from treadle.api import errors
from treadle.api.body import JSON, YAML
from treadle.domain.json import encode

EVENT_STREAM: Final = "text/event-stream"
PLAIN_TEXT: Final = "text/plain"
DRY_RUN: Final = "dry-run"
"""The header of an answer that only tells what would be done."""

REFERENCE: Final = "#/components/schemas/{name}"

_SAID: Final = {
    400: "The body cannot be read.",
    401: "No valid token came with the call.",
    403: "The caller may not do this, or the call came under a name or from a page that is not this server's.",
    404: "There is no such thing.",
    409: "The state of the thing does not allow this.",
    412: "Another version stands than the one in If-Match.",
    413: "The body, or the inputs, are too large. Nothing was stored.",
    415: "The body is of another type than this call takes.",
    422: "The input was understood, and is wrong; `errors` names every fault.",
    429: "Too many tries; Retry-After says when to try again.",
    500: "Something is wrong inside Treadle.",
    503: "Storage cannot be used now. Nothing was stored; the same call may succeed later.",
}


def reply(view: Struct, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A view as JSON."""
    return Response(encode(view), status, headers, JSON)


def answers(view: type[Struct], description: str, *problems: int, status: int = 200, stream: bool = False) -> Any:
    """The `responses` of a route: what it answers, perhaps as a stream too, and the problems beside the usual ones."""
    content: dict[str, Any] = {JSON: {"schema": schema(view)}}
    if stream:
        content[EVENT_STREAM] = {"schema": {"type": "string"}}
    return {status: {"description": description, "content": content}, **problem_answers(*problems)}


def problem_answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Problems as OpenAPI describes them."""
    content = {errors.MEDIA_TYPE: {"schema": {"$ref": REFERENCE.format(name="Problem")}}}
    return {status: {"description": _SAID[status], "content": content} for status in statuses}


def takes(
    view: type[Struct],
    *others: type[Struct],
    example: object,
    required: bool = True,
    yaml: bool = False,
    many: bool = False,
) -> dict[str, Any]:
    """The `openapi_extra` of a route that takes a body, of this or one of `others`; of `many` it takes one as well."""
    one = schema(view)
    ways = [one, *map(schema, others), *([{"type": "array", "items": one}] if many else [])]
    described = {"schema": {"oneOf": ways} if len(ways) > 1 else one, "example": example}
    content = {JSON: described, **({YAML: described} if yaml else {})}
    return {"requestBody": {"required": required, "content": content}}


def schema(view: type[Struct]) -> dict[str, str]:
    """A reference to the schema of a Struct."""
    return {"$ref": REFERENCE.format(name=view.__name__)}
