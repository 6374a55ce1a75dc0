"""Request bodies: the cap first, then a strict reader. Nothing else in the API reads a body."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from treadle.api.deps import services_of
from treadle.domain.documents import load_json, load_yaml
from treadle.domain.errors import InvalidInput, PayloadTooLarge, Problem

READ_ON: Final = 64 * 1024 * 1024
"""How much beyond the cap is still read, and dropped: a caller that sends all before it reads would see its connection
reset, and never the answer."""

JSON: Final = "application/json"
YAML: Final = "application/yaml"
_YAML_TYPES: Final = frozenset({YAML, "application/x-yaml", "text/yaml", "text/x-yaml"})


async def read_body(request: Request) -> bytes:
    """The body, kept no further than the cap. Raises PayloadTooLarge, at once where the caller asks before it sends."""
    cap = services_of(request).settings.max_payload_bytes
    error = PayloadTooLarge(f"the body is larger than the {cap} bytes that are allowed")
    announced = request.headers.get("content-length", "")
    if "expect" in request.headers and announced.isdigit() and int(announced) > cap:
        raise error
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= cap:
            chunks.append(chunk)
        elif size > cap + READ_ON:
            break
    if size > cap:
        raise error
    return b"".join(chunks)


async def json_body(request: Request) -> Any:
    """The value of a JSON body; an empty body is an empty object. Raises as `load_json` does."""
    data = await read_body(request)
    if not data:
        return {}
    if _media_type(request) != JSON:
        raise _unsupported(JSON)
    return load_json(data, max_bytes=len(data))


async def job_body(request: Request) -> Any:
    """The value of a JSON or YAML body. Raises as `load_json` and `load_yaml` do."""
    data = await read_body(request)
    media_type = _media_type(request)
    if media_type in _YAML_TYPES:
        return load_yaml(data, max_bytes=len(data))
    if media_type != JSON:
        raise _unsupported(f"{JSON} or {YAML}")
    return load_json(data, max_bytes=len(data))


async def no_body(request: Request) -> None:
    """Refuses a body where none has an effect; an empty object says nothing either."""
    data = await read_body(request)
    if data and load_json(data, max_bytes=len(data)) != {}:
        raise InvalidInput([Problem("", "this call takes no body", "unexpected")])


JsonBody = Annotated[Any, Depends(json_body)]
JobBody = Annotated[Any, Depends(job_body)]
NoBody = Depends(no_body)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _unsupported(wanted: str) -> HTTPException:
    return HTTPException(415, f"send the body as {wanted}, and say so in the header Content-Type")
