"""What needs somebody: gathered from what the engine knows, with bounds on all that is looked at."""

from __future__ import annotations

import asyncio
from typing import Final

from treadle.domain.attention import Concern, Matter, by_gravity, of_crew, of_failures, of_schedules
from treadle.domain.failures import GroupState
from treadle.domain.schedules import OVERDUE, Schedule
from treadle.engines.contract import Engine, GroupQuery, RunQuery
from treadle.services.jobs import Jobs

MOST_EACH: Final = 10
"""How many concerns of one matter are told."""

MOST_LETTERS: Final = 1_000
"""How far dead letters are counted."""

_QUEUES: Final = 200
_GROUPS: Final = 20
_OUTCOMES: Final = 20


class Attention:
    """The use case of being told what to look at."""

    def __init__(self, engine: Engine, jobs: Jobs) -> None:
        self._engine = engine
        self._jobs = jobs

    async def concerns(self, domain: str) -> list[Concern]:
        """What needs somebody now, the gravest first."""
        engine, now = self._engine, self._engine.now()
        queues = await engine.queues.find(domain, limit=_QUEUES)
        found = [*of_crew(queues, await engine.workers.find(domain)), *await self._of_failures(domain)]
        found += of_schedules(await self._late(domain), now)
        if letters := await engine.runs.count(RunQuery(domain=domain, limit=MOST_LETTERS, dead=True)):
            found.append(Concern(matter=Matter.DEAD_LETTERS, count=letters))
        return by_gravity(found, MOST_EACH)

    async def _late(self, domain: str) -> list[Schedule]:
        """All schedules where one of them is late: mostly none is, and they are not read."""
        earliest = await self._engine.schedules.next_due(domain)
        is_late = earliest is not None and earliest < self._engine.now() - OVERDUE
        return await self._engine.schedules.find(domain) if is_late else []

    async def _of_failures(self, domain: str) -> list[Concern]:
        """Those of open groups. A job that is disabled or gone fails no more."""
        engine = self._engine
        query = GroupQuery(domain=domain, now=engine.now(), limit=_GROUPS, states=(GroupState.OPEN,))
        groups = await engine.failures.find(query)
        jobs = await engine.failures.jobs(domain, [group.id for group in groups]) if groups else {}
        named = list(dict.fromkeys(job.job_id for each in jobs.values() for job in each[:MOST_EACH]))
        standing = await asyncio.gather(*(self._jobs.find(domain, job_id) for job_id in named))
        enabled = [job.job_id for job in standing if job is not None and job.enabled]
        recent = await engine.stats.recent(domain, enabled, _OUTCOMES) if enabled else {}
        return list(of_failures([(group, jobs[group.id][:MOST_EACH]) for group in groups], recent))
