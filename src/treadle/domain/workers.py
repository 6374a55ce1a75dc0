"""Workers: a process that takes runs, under one lease, for one boot."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from msgspec import Struct

from treadle.domain.affinity import Traits, lacking, read_requirement
from treadle.domain.events import NewEvent
from treadle.domain.instants import SECOND, Instant, Micros
from treadle.domain.runs import DEFAULT_DOMAIN

LEASE: Final[Micros] = 15 * SECOND
EVERY_DOMAIN: Final = "*"

HEARTBEAT: Final[Micros] = 5 * SECOND
GRACE: Final[Micros] = 30 * SECOND


class Role(StrEnum):
    """What a process is there for. All register and have a lease, so that each is seen; only workers take runs."""

    WORKER = "worker"
    SCHEDULER = "scheduler"
    API = "api"


class WorkerState(StrEnum):
    """Only one that is `online` claims. `draining`: it ends once it is empty. `disabled`: it stays, and may be enabled.

    `lost` is final: a worker whose lease ended registers again under a new id.
    """

    ONLINE = "online"
    DRAINING = "draining"
    DISABLED = "disabled"
    LOST = "lost"
    STOPPED = "stopped"


IN_SERVICE: Final = (WorkerState.ONLINE, WorkerState.DRAINING, WorkerState.DISABLED)
"""Those whose leases go on."""

SWITCHES: Final = {
    WorkerState.ONLINE: (WorkerState.DISABLED,),
    WorkerState.DISABLED: (WorkerState.ONLINE,),
    WorkerState.DRAINING: (WorkerState.ONLINE, WorkerState.DISABLED),
}
"""States that a worker can be told to go into, and from which. What drains ends, so nothing leads back."""

_EVENTS: Final = {
    WorkerState.ONLINE: "worker.enabled",
    WorkerState.DISABLED: "worker.disabled",
    WorkerState.DRAINING: "worker.draining",
}


class WorkerSpec(Struct, frozen=True, kw_only=True):
    """A worker process as it registers. The id is fresh for each boot, whatever the host is called.

    `domains` are those whose runs it takes, by name; `EVERY_DOMAIN` stands for whichever there are.
    `requires` lists what it is able to carry out: `shell`, `python`, `handler:<name>`; `traits` are what the affinity
    of jobs is matched with.
    """

    id: str
    domains: tuple[str, ...] = (DEFAULT_DOMAIN,)
    host: str
    pid: int
    slots: int
    queues: tuple[str, ...] = ()
    requires: frozenset[str]
    version: str
    role: Role = Role.WORKER
    traits: Traits = Traits()


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
    role: Role = Role.WORKER
    traits: Traits = Traits()

    @property
    def is_busy(self) -> bool:
        """Whether it takes no other run for now."""
        return self.alone or self.running >= self.slots


def switch_events(domain: str, worker_ids: Iterable[str], state: WorkerState, at: Instant) -> list[NewEvent]:
    """That workers were told to go into a state."""
    return [NewEvent(domain=domain, type=_EVENTS[state], subject=worker_id, at=at) for worker_id in worker_ids]


def serves(served: tuple[str, ...], domain: str) -> bool:
    """Whether a worker that serves these domains serves this one."""
    return domain in served or EVERY_DOMAIN in served


def shares(served: tuple[str, ...]) -> bool:
    """Whether a worker that serves these domains may have several to choose from."""
    return len(served) > 1 or EVERY_DOMAIN in served


def can_take(queues: tuple[str, ...], offered: frozenset[str], traits: Traits, queue: str, requires: str) -> bool:
    """Whether a worker with these queues (none means all), abilities and traits may take runs of a line."""
    ability, affinity = read_requirement(requires)
    if ability not in offered or (queues and queue not in queues):
        return False
    return affinity is None or not lacking(affinity, traits)
