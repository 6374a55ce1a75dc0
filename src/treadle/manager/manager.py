"""`JobManager`: submit, look and tidy up, from sync code."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

from treadle.client.managed import ManagedJob
from treadle.domain.priority import Priority
from treadle.domain.runs import TERMINAL, State
from treadle.manager.backend import Backend
from treadle.manager.database import settings_for
from treadle.manager.session import Session

T = TypeVar("T")


class JobManager:
    """Jobs in the words of a job manager: `JobManager(sessionmaker(bind=engine)).create_job(…)`.

    `database` is SQLAlchemy's `sessionmaker` or engine for PostgreSQL, a URL such as `postgresql://…`, or nothing for
    what the `TREADLE_…` variables say. It is opened at the first call, and closed by `close` or by leaving a `with`.
    Threads may share it. What it creates is carried out by the workers of the installation, or by a `JobWorker`.
    """

    def __init__(self, database: object | None = None) -> None:
        """Raises InvalidInput for what names no database."""
        self._settings = settings_for(database)
        self._lock = threading.Lock()
        self._session: Session | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database. The next call opens it again."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def create_job(
        self,
        job_type: str,
        name: str = "",
        description: str = "",
        payload: Mapping[str, Any] | None = None,
        dependencies: Iterable[str] = (),
        max_retries: int | None = None,
        priority: Priority | str | int | None = None,
        scheduled_for: datetime | None = None,
    ) -> ManagedJob:
        """Create a job, to be done as soon as the jobs in `dependencies`, by id, have completed.

        Of the type AGENT the payload is `{"agent_name", "parameters"}`, of QUERY `{"query", "inferred_goal_output"}`;
        jobs of one `name` show together. Any other type is the id of a job that is defined, and the payload its inputs.
        A failed job is tried again up to `max_retries` times, by default 3 or what the defined job says.

        Raises InvalidInput naming what does not fit, NotFound for an unknown type, Conflict for a name that another job
        has, PayloadTooLarge and QueueDraining.
        """
        request = {
            "inputs": dict(payload or {}),
            "depends_on": list(dependencies),
            "priority": priority,
            "at": None if scheduled_for is None else scheduled_for.isoformat(),
        }
        return self._do(lambda backend: backend.create(job_type, name, description, request, max_retries))

    def get_job(self, job_id: str) -> ManagedJob | None:
        """A job as it stands, None where there is none of that id."""
        return self._do(lambda backend: backend.get(job_id))

    def get_ready_jobs(self, limit: int = 100) -> list[ManagedJob]:
        """Jobs that nothing holds back and that wait for a worker, newest first."""
        return self._do(lambda backend: backend.find([State.READY], limit))

    def get_pending_jobs(self, limit: int = 100) -> list[ManagedJob]:
        """Jobs that have not begun, whatever they wait for, newest first."""
        return self._do(lambda backend: backend.find([State.SCHEDULED, State.BLOCKED, State.READY], limit))

    def get_job_history(self, limit: int = 10) -> list[ManagedJob]:
        """Jobs that have ended, newest first."""
        return self._do(lambda backend: backend.find(sorted(TERMINAL), limit))

    def cancel_job(self, job_id: str) -> ManagedJob:
        """Cancel a job: one that waits at once, one that runs is told to end. Raises NotFound and Conflict."""
        return self._do(lambda backend: backend.cancel(job_id))

    def cleanup_old_history(self, days: float = 30) -> int:
        """Forget the jobs that ended more than so many days ago, in every domain; answers how many."""
        return self._do(lambda backend: backend.clean_up(days))

    @property
    def is_running(self) -> bool:
        """Whether a worker is online that carries jobs out."""
        return self._do(lambda backend: backend.is_running())

    def get_system_health(self) -> dict[str, Any]:
        """How the installation stands: `status` (`healthy`, `degraded`, `unhealthy`) and why, workers, live runs."""
        return self._do(lambda backend: backend.health())

    def get_job_metrics(self, job_type: str | None = None, hours: float = 24) -> dict[str, dict[str, Any]]:
        """By job id, what came of the runs created in the last hours, the newest 1000: counts, rates, durations."""
        return self._do(lambda backend: backend.metrics(job_type, hours))

    def _do(self, use: Callable[[Backend], Coroutine[Any, Any, T]]) -> T:
        with self._lock:
            if self._session is None:
                self._session = Session(self._settings)
            session = self._session
        return session.call(use(Backend(session.services)))
