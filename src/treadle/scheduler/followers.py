"""Runs jobs after the runs of others, as their `after` says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from treadle.domain.chains import AfterJoin
from treadle.domain.dependencies import Depends
from treadle.domain.jobs import Job
from treadle.domain.runs import Cause, NewRun
from treadle.domain.submitting import build_run
from treadle.engines.contract import Engine, Trigger
from treadle.engines.definitions import JOB_KIND, to_job

POLL_SECONDS: Final = 1.0
"""How long a completed run may go unnoticed where its notice is lost."""

_TRIGGERS: Final = 10_000


class Followers:
    """Submits what completed runs bring about. Any number may do so: each trigger is used up with what it submits.

    A job that runs after `any` of its jobs, or has but one, is run after each of their runs; one that waits for `all`
    of several once each of them has completed since the last time, after the newest. One that is disabled is not run.
    """

    def __init__(self, engine: Engine, new_id: Callable[[str], str]) -> None:
        self._engine = engine
        self._new_id = new_id

    async def __call__(self) -> float:
        """Submit what is to be submitted now; answers the seconds until the next time."""
        by_job = defaultdict(list)
        for trigger in await self._engine.triggers.waiting(_TRIGGERS):
            by_job[trigger.domain, trigger.job_id].append(trigger)
        for (domain, job_id), triggers in by_job.items():
            document = await self._engine.documents.get(domain, JOB_KIND, job_id)
            await self._follow(None if document is None else to_job(document), triggers)
        return POLL_SECONDS

    async def _follow(self, job: Job | None, triggers: Sequence[Trigger]) -> None:
        pull = self._engine.triggers.pull
        named = [] if job is None or not job.enabled else [each.job for each in job.chain.after]
        wanted = [trigger for trigger in triggers if trigger.upstream in named]
        newest = {trigger.upstream: trigger for trigger in wanted}
        if job is None or not wanted:
            await pull([trigger.seq for trigger in triggers])
        elif job.chain.after_join is AfterJoin.ANY or len(named) == 1:
            for trigger in wanted:
                await pull([trigger.seq], [self._run(job, [trigger])])
        elif len(newest) == len(named):
            await pull([trigger.seq for trigger in triggers], [self._run(job, [newest[each] for each in named])])
        elif len(newest) < len(triggers):
            kept = {trigger.seq for trigger in newest.values()}
            await pull([trigger.seq for trigger in triggers if trigger.seq not in kept])

    def _run(self, job: Job, triggers: Sequence[Trigger]) -> NewRun:
        asked = {each.job: each.condition for each in job.chain.after}
        by_run = {trigger.run_id: asked[trigger.upstream] for trigger in triggers}
        return build_run(
            job,
            run_id=self._new_id("run"),
            now=self._engine.now(),
            cause=Cause.AFTER,
            depends=Depends(
                parents=tuple(by_run),
                conditions={run_id: condition for run_id, condition in by_run.items() if condition is not None},
            ),
        )
