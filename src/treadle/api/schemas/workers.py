"""Workers as they are answered."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from treadle.domain import workers as domain
from treadle.domain.instants import to_datetime
from treadle.domain.workers import WorkerState


class Worker(Struct, frozen=True, kw_only=True):
    """A worker process. It takes runs of its `queues` (none means all) that need one of `requires`."""

    worker_id: str
    host: str
    pid: int
    status: WorkerState
    slots: int
    running: int
    queues: list[str]
    requires: list[str]
    version: str
    registered_at: datetime
    seen_at: datetime


class WorkerList(Struct, frozen=True, kw_only=True):
    """Workers that are there, and those lost or stopped within the last day."""

    items: list[Worker]


def to_worker(worker: domain.Worker) -> Worker:
    """A worker as it is answered."""
    return Worker(
        worker_id=worker.id,
        host=worker.host,
        pid=worker.pid,
        status=worker.state,
        slots=worker.slots,
        running=worker.running,
        queues=list(worker.queues),
        requires=sorted(worker.requires),
        version=worker.version,
        registered_at=to_datetime(worker.registered_at),
        seen_at=to_datetime(worker.seen_at),
    )
