"""Events that people publish: what they may be called and hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from treadle.domain import json
from treadle.domain.errors import InvalidInput, PayloadTooLarge, Problem
from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.json import Json, json_problems
from treadle.domain.steps import MAX_STEP_BYTES
from treadle.domain.waits import FAMILY

MAX_SOURCE: Final = 200
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")


class EventRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event to be published: runs that wait for its name, and for part of its data, go on."""

    name: Annotated[str, Meta(examples=["paid"])]
    data: dict[str, Any] = {}
    source: Annotated[str, Meta(description="Who says so; kept as the event's subject.")] = ""


def check_event_name(name: object) -> str:
    """The name of an event that people publish. Raises InvalidInput for anything else."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        what = "1 to 100 letters, digits, '.', '_', ':' and '-'; it begins with a letter or digit"
        raise InvalidInput([Problem("/name", f"{name!r:.60} is no name of an event: {what}")])
    return name


def encode_data(what: str, data: object) -> Json:
    """The data of an event, or a match, as JSON. Raises InvalidInput and PayloadTooLarge naming `what`."""
    if not isinstance(data, Mapping):
        raise InvalidInput([Problem(f"/{what}", f"{data!r:.40} is no object")])
    problems = json_problems(data)
    if problems:
        raise InvalidInput(Problem(f"/{what}{fault.pointer}", fault.message) for fault in problems)
    encoded = json.encode(data)
    if len(encoded) > MAX_STEP_BYTES:
        raise PayloadTooLarge(f"the {what} takes {len(encoded)} bytes of JSON, of at most {MAX_STEP_BYTES}")
    return encoded


def user_event(
    name: str, data: Mapping[str, Any], *, domain: str, source: str, at: Instant, job_id: str = ""
) -> NewEvent:
    """An event that somebody publishes; `source` says who. Raises InvalidInput and PayloadTooLarge."""
    encoded = encode_data("data", data)
    if len(source) > MAX_SOURCE or not source.isprintable():
        raise InvalidInput([Problem("/source", f"at most {MAX_SOURCE} printable characters")])
    return NewEvent(
        domain=domain, type=FAMILY + check_event_name(name), subject=source, job_id=job_id, at=at, data=encoded
    )
