"""The first steps of somebody who has just started Treadle: which of them are done is read, never told."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from treadle.domain.runs import State
from treadle.domain.workers import Role, WorkerState
from treadle.engines.contract import Engine, RunQuery
from treadle.engines.definitions import JOB_KIND
from treadle.services.demo import JOB_ID


class Milestone(StrEnum):
    """`server`: what fires and runs jobs is online. `run`: a run has completed. `job`: there is a job beside the demo.
    `schedule`: one of these runs by itself."""

    SERVER = "server"
    RUN = "run"
    JOB = "job"
    SCHEDULE = "schedule"


class FirstStep(Struct, frozen=True, kw_only=True):
    """A step, whether it is done, and the id of the run or job that shows it."""

    step: Milestone
    done: bool
    subject: str | None = None


class FirstSteps:
    """The use case of seeing how far one has come."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def look(self, domain: str) -> list[FirstStep]:
        """All steps, in the order in which they are taken."""
        engine = self._engine
        online = {each.role for each in await engine.workers.find(domain) if each.state is WorkerState.ONLINE}
        runs = await engine.runs.find_ids(RunQuery(domain=domain, limit=1, states=(State.COMPLETED,)))
        jobs = await engine.documents.find(domain, JOB_KIND, limit=2)  # the demo may be one
        own = [each.id for each in jobs if each.id != JOB_ID]
        schedules = await engine.schedules.find(domain)
        return [
            FirstStep(step=Milestone.SERVER, done={Role.SCHEDULER, Role.WORKER} <= online),
            _found(Milestone.RUN, runs),
            _found(Milestone.JOB, own),
            _found(Milestone.SCHEDULE, [each.job_id for each in schedules if each.active and each.job_id != JOB_ID]),
        ]


def _found(step: Milestone, ids: list[str]) -> FirstStep:
    return FirstStep(step=step, done=bool(ids), subject=ids[0] if ids else None)
