"""Events: what happened, in one order per engine."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from treadle.domain.instants import Instant
from treadle.domain.json import EMPTY_OBJECT, Json

FAMILIES: Final = (
    "run",
    "job",
    "schedule",
    "queue",
    "worker",
    "message",
    "dead_letter",
    "failure_group",
    "domain",
    "source",
    "service",
    "bulk_action",
    "user",
)
"""What events tell of: the part of a type before its first dot. `user` is what people publish."""

RUN_FAMILIES: Final = frozenset({"run", "dead_letter"})
"""Those whose subject is a run."""


class NewEvent(Struct, frozen=True, kw_only=True):
    """An event to be written with the change it tells of. `subject` is the id of what it happened to."""

    domain: str
    type: str
    subject: str
    job_id: str = ""
    at: Instant
    data: Json = EMPTY_OBJECT


class Event(Struct, frozen=True, kw_only=True):
    """An event as it is read.

    `seq` orders all events of an engine and is what a reader resumes from; `n` numbers those of one run from 1 without
    a gap, and is 0 for what is no run.
    """

    seq: int
    domain: str
    type: str
    subject: str
    n: int
    job_id: str
    at: Instant
    data: Json
