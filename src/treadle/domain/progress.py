"""How far a run has come, as its handler says."""

from __future__ import annotations

import math
from typing import Final

import msgspec
from msgspec import Struct

from treadle.domain import json
from treadle.domain.errors import InvalidInput
from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.json import Json
from treadle.domain.kv import Put

EVENT: Final = "run.progress"


class Progress(Struct, frozen=True, kw_only=True):
    """So much is done, of so much in all where that is known, in whatever the handler counts."""

    done: int | float
    total: int | float | None
    at: Instant


def read_progress(done: object, total: object, at: Instant) -> Progress:
    """What a handler says. Raises InvalidInput for what is no amount."""
    return Progress(done=_amount("done", done), total=None if total is None else _amount("total", total), at=at)


def kept(progress: Progress) -> Put:
    """How it is kept: as the one value of its space."""
    return Put("", json.encode(progress))


def to_progress(value: Json) -> Progress:
    """What was kept."""
    return msgspec.json.decode(value, type=Progress)


def told(progress: Progress, *, domain: str, run_id: str, job_id: str) -> NewEvent:
    """The event that tells of it."""
    data = json.encode({"done": progress.done, "total": progress.total})
    return NewEvent(domain=domain, type=EVENT, subject=run_id, job_id=job_id, at=progress.at, data=data)


def _amount(what: str, value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise InvalidInput(f"progress: {what} is a number from 0 on, not {value!r:.40}")
    return value
