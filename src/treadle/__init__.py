"""Treadle: one job platform for a Python team."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from treadle.authoring.agents import JobExecutor, add_agent, add_executor
    from treadle.authoring.context import JobContext
    from treadle.authoring.decorators import job
    from treadle.authoring.retrying import GiveUp, Retry
    from treadle.authoring.steps import WaitTimeout
    from treadle.authoring.tasks import BaseTask, JobPriority, RunnerResult
    from treadle.authoring.types import JobRegistry, JobType
    from treadle.client.asynchronous import AsyncClient, RunNotCompleted
    from treadle.client.managed import JobStatus
    from treadle.client.queue_messages import QueueMessageFilter, list_queue_messages
    from treadle.client.remote.refusals import EventsLost
    from treadle.client.synchronous import Client
    from treadle.manager.manager import JobManager
    from treadle.manager.worker import JobWorker

__version__ = "0.1.0"
__all__ = [
    "list_queue_messages",
    "QueueMessageFilter",
    "JobWorker",
    "JobStatus",
    "JobManager",
    "JobExecutor",
    "add_executor",
    "add_agent",
    "AsyncClient",
    "BaseTask",
    "Client",
    "EventsLost",
    "GiveUp",
    "JobContext",
    "JobPriority",
    "JobRegistry",
    "JobType",
    "Retry",
    "RunNotCompleted",
    "RunnerResult",
    "WaitTimeout",
    "__version__",
    "job",
]

_HOMES: Final = {
    "list_queue_messages": "treadle.client.queue_messages",
    "QueueMessageFilter": "treadle.client.queue_messages",
    "JobWorker": "treadle.manager.worker",
    "JobStatus": "treadle.client.managed",
    "JobManager": "treadle.manager.manager",
    "JobExecutor": "treadle.authoring.agents",
    "add_executor": "treadle.authoring.agents",
    "add_agent": "treadle.authoring.agents",
    "AsyncClient": "treadle.client.asynchronous",
    "BaseTask": "treadle.authoring.tasks",
    "Client": "treadle.client.synchronous",
    "EventsLost": "treadle.client.remote.refusals",
    "GiveUp": "treadle.authoring.retrying",
    "JobContext": "treadle.authoring.context",
    "JobPriority": "treadle.authoring.tasks",
    "JobRegistry": "treadle.authoring.types",
    "JobType": "treadle.authoring.types",
    "Retry": "treadle.authoring.retrying",
    "RunNotCompleted": "treadle.client.asynchronous",
    "RunnerResult": "treadle.authoring.tasks",
    "WaitTimeout": "treadle.authoring.steps",
    "job": "treadle.authoring.decorators",
}


def __getattr__(name: str) -> Any:
    """Loads a public name when it is first asked for, so that a command pays only for what it uses."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
