"""Workers as they are answered."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from treadle.domain import workers as domain
from treadle.domain.instants import to_datetime
from treadle.domain.workers import Role, WorkerState


class Worker(Struct, frozen=True, kw_only=True):
    """A process and its heartbeat. A worker takes runs of its `queues` (none means all) that need one of `requires`.

    `domains` are those that it serves, `*` for all; who is bound to one sees no other. The affinity of jobs is matched
    with what follows `version`.
    """

    worker_id: str
    role: Role
    host: str
    pid: int
    status: WorkerState
    slots: int
    running: int
    domains: list[str]
    queues: list[str]
    requires: list[str]
    version: str
    os: str
    tags: list[str]
    users: list[str]
    hostname: str
    addresses: list[str]
    deployment_type: str
    capabilities: list[str]
    registered_at: datetime
    seen_at: datetime


class WorkerList(Struct, frozen=True, kw_only=True):
    """Processes that are there, and those lost or stopped within the last day."""

    items: list[Worker]


def to_worker(worker: domain.Worker, bound: str | None = None) -> Worker:
    """A worker as it is answered to a caller, who may be bound to a domain."""
    return Worker(
        worker_id=worker.id,
        role=worker.role,
        host=worker.host,
        pid=worker.pid,
        status=worker.state,
        slots=worker.slots,
        running=worker.running,
        domains=[each for each in worker.domains if bound in (None, each) or each == domain.EVERY_DOMAIN],
        queues=list(worker.queues),
        requires=sorted(worker.requires),
        version=worker.version,
        os=worker.traits.os,
        tags=list(worker.traits.tags),
        users=list(worker.traits.users),
        hostname=worker.traits.hostname,
        addresses=list(worker.traits.addresses),
        deployment_type=worker.traits.deployment_type,
        capabilities=list(worker.traits.capabilities),
        registered_at=to_datetime(worker.registered_at),
        seen_at=to_datetime(worker.seen_at),
    )
