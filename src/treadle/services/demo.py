"""The job that a first start shows at work."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from treadle.domain.errors import Conflict
from treadle.domain.jobs import parse_job
from treadle.engines.contract import Engine
from treadle.engines.definitions import JOB_KIND
from treadle.services.jobs import Jobs

JOB_ID: Final = "demo-heartbeat"
_DOCUMENT: Final = {
    "job_id": JOB_ID,
    "name": "Demo: heartbeat",
    "description": "Says every ten seconds how busy this machine is. Delete it when you have seen enough.",
    "type": "demo",
    "executor": {"type": "shell", "shell": "sh", "script": 'echo "alive; load and processes: $(cat /proc/loadavg)"'},
    "schedule": {"interval_sec": 10},
    "timeout_ms": 5_000,
    "tags": ["demo"],
}


async def define_demo(engine: Engine, jobs: Jobs, domain: str) -> bool:
    """Define the demo job where no job is, nor was it ever; answers whether it was defined."""
    if await engine.documents.find(domain, JOB_KIND, limit=1):
        return False
    if await engine.documents.versions(domain, JOB_KIND, JOB_ID, 1):
        return False
    with suppress(Conflict):  # another process has just done it
        await jobs.create(domain, parse_job(_DOCUMENT), source="demo")
    return True
