"""Workers: a process that takes runs, under one lease, for one boot."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from treadle.domain.instants import SECOND, Instant, Micros
from treadle.domain.runs import DEFAULT_DOMAIN

LEASE: Final[Micros] = 15 * SECOND
EVERY_DOMAIN: Final = "*"

HEARTBEAT: Final[Micros] = 5 * SECOND
GRACE: Final[Micros] = 30 * SECOND


class WorkerState(StrEnum):
    """`lost` is final: a worker whose lease ended registers again under a new id."""

    ONLINE = "online"
    DRAINING = "draining"
    LOST = "lost"
    STOPPED = "stopped"


class WorkerSpec(Struct, frozen=True, kw_only=True):
    """A worker process as it registers. The id is fresh for each boot, whatever the host is called.

    `domains` are those whose runs it takes, by name; `EVERY_DOMAIN` stands for whichever there are.
    `requires` lists the requirement classes it can take: `shell`, `python`, `handler:<name>`.
    """

    id: str
    domains: tuple[str, ...] = (DEFAULT_DOMAIN,)
    host: str
    pid: int
    slots: int
    queues: tuple[str, ...] = ()
    requires: frozenset[str]
    version: str


class Worker(Struct, frozen=True, kw_only=True):
    """A worker as readers see it. `queues` empty means all; `alone` says that it carries out a suspect, and nothing
    beside it.
    """

    id: str
    domains: tuple[str, ...]
    host: str
    pid: int
    slots: int
    queues: tuple[str, ...]
    requires: frozenset[str]
    version: str
    state: WorkerState
    registered_at: Instant
    seen_at: Instant
    running: int
    alone: bool = False

    @property
    def is_busy(self) -> bool:
        """Whether it takes no other run for now."""
        return self.alone or self.running >= self.slots


def serves(served: tuple[str, ...], domain: str) -> bool:
    """Whether a worker that serves these domains serves this one."""
    return domain in served or EVERY_DOMAIN in served


def shares(served: tuple[str, ...]) -> bool:
    """Whether a worker that serves these domains may have several to choose from."""
    return len(served) > 1 or EVERY_DOMAIN in served


def can_take(queues: tuple[str, ...], offered: frozenset[str], queue: str, requires: str) -> bool:
    """Whether a worker with these queues (none means all) and abilities may take runs of a line."""
    return requires in offered and (not queues or queue in queues)
