"""Views of jobs: how their last runs went, side by side, and how they hang on each other. All of them are bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from treadle.domain.chains import After
from treadle.domain.instants import Instant
from treadle.domain.jobs import Job
from treadle.domain.runs import Attempt, Run, State
from treadle.domain.spans import Span, spans_of
from treadle.domain.stats import Outcome
from treadle.domain.steps import StepKind
from treadle.engines.contract import Engine, RunQuery
from treadle.engines.definitions import JOB_KIND, to_job
from treadle.services.jobs import Jobs
from treadle.services.paging import Page, decode_cursor, encode_cursor
from treadle.services.schedules import Schedules

MOST_NODES: Final = 100
"""How many jobs a graph has."""

MOST_LOOKED_AT: Final = 2000
"""After how many jobs a page ends though it is not full."""

_NAMED_AT_ONCE: Final = 500
_UNTRIED: Final = frozenset({State.RUNNING, State.COMPLETED})
"""In these, a run that was claimed once has no attempt behind it."""


class JobOverview(Struct, frozen=True, kw_only=True):
    """A job with how its last runs ended, newest first, and when it fires next."""

    job: Job
    recent: list[Outcome]
    next_fire: Instant | None


class JobFilters(Struct, frozen=True, kw_only=True):
    """Which jobs are wanted. `text` is part of an id, a name or a description; of `tags` a job has one.

    `failing` are those whose last run failed.
    """

    text: str = ""
    tags: tuple[str, ...] = ()
    enabled: bool | None = None
    failing: bool = False

    def fit(self, job: Job) -> bool:
        """Whether a job is one of them, as far as its definition tells."""
        return (
            any(self.text.casefold() in said.casefold() for said in (job.job_id, job.name, job.description))
            and (not self.tags or not set(self.tags).isdisjoint(job.tags))
            and self.enabled in (None, job.enabled)
        )

    def fit_outcome(self, seen: JobOverview) -> bool:
        """Whether a job is one of them, as far as its last run tells."""
        return not self.failing or (bool(seen.recent) and seen.recent[0].state is State.FAILED)


class Tried(Struct, frozen=True, kw_only=True):
    """A run with the attempts that ended without ending it, and the names of its steps."""

    run: Run
    attempts: list[Attempt]
    steps: list[tuple[str, StepKind]]


class Life(Struct, frozen=True):
    """A run with the spans of its life."""

    run: Run
    spans: list[Span]


class Edge(Struct, frozen=True, kw_only=True):
    """A job that hangs on another: it is run after its runs, or else waits for them. `after` has the condition."""

    upstream: str
    downstream: str
    after: After | None


class Graph(Struct, frozen=True, kw_only=True):
    """The jobs that hang together with one, and how; `whole` says that there are no more."""

    jobs: list[JobOverview]
    edges: list[Edge]
    whole: bool


ANY_JOB: Final = JobFilters()


class JobViews:
    """The use cases of looking at jobs and their runs."""

    def __init__(self, engine: Engine, jobs: Jobs, schedules: Schedules) -> None:
        self._engine = engine
        self._jobs = jobs
        self._schedules = schedules

    async def overview(
        self, domain: str, filters: JobFilters = ANY_JOB, *, limit: int, runs: int, cursor: str | None = None
    ) -> Page[JobOverview]:
        """Jobs by id, each with its last `runs` outcomes. Raises InvalidInput for a cursor of another question.

        A page ends early once many jobs were looked at and few were wanted: the next one goes on from there.
        """
        question = (JOB_KIND, domain, filters)
        after = "" if cursor is None else decode_cursor(cursor, question)
        found: list[JobOverview] = []
        for _ in range(-(-MOST_LOOKED_AT // (limit + 1))):
            documents = await self._engine.documents.find(domain, JOB_KIND, after=after, limit=limit + 1)
            jobs = [job for job in map(to_job, documents) if filters.fit(job)]
            found += filter(filters.fit_outcome, await self._with_outcomes(domain, jobs, runs))
            if len(found) > limit:
                return Page(found[:limit], encode_cursor(found[limit - 1].job.job_id, question))
            if len(documents) <= limit:
                return Page(found, None)
            after = documents[-1].id
        return Page(found, encode_cursor(after, question))

    async def grid(self, domain: str, job_id: str, limit: int) -> list[Tried]:
        """The last runs of a job with their attempts and steps, newest first. Raises NotFound."""
        tried = await self._tried(domain, job_id, limit)
        steps = await self._engine.steps.outline(domain, [run.id for run, _ in tried])
        return [Tried(run=run, attempts=attempts, steps=steps.get(run.id, [])) for run, attempts in tried]

    async def gantt(self, domain: str, job_id: str, limit: int) -> list[Life]:
        """The last runs of a job with the spans of their lives, newest first. Raises NotFound."""
        return [Life(run, spans_of(run, attempts)) for run, attempts in await self._tried(domain, job_id, limit)]

    async def graph(self, domain: str, job_id: str) -> Graph:
        """The jobs that hang together with one, from it outwards. Raises NotFound."""
        jobs = {job_id: await self._jobs.get(domain, job_id)}
        todo, whole = [job_id], True
        while todo:
            named = [other for one in todo for other in _upstream(jobs[one])]
            naming = await self._engine.documents.naming(domain, JOB_KIND, todo, _NAMED_AT_ONCE)
            new = list(dict.fromkeys(other for other in (*named, *(each.id for each in naming)) if other not in jobs))
            todo = new[: MOST_NODES - len(jobs)]
            whole = whole and len(todo) == len(new) and len(naming) < _NAMED_AT_ONCE
            found = await asyncio.gather(*(self._jobs.find(domain, other) for other in todo))
            jobs.update({job.job_id: job for job in found if job is not None})
            todo = [other for other in todo if other in jobs]
        nodes = await self._with_outcomes(domain, list(jobs.values()), runs=1)
        edges = [edge for job in jobs.values() for edge in _edges(job) if edge.upstream in jobs]
        return Graph(jobs=nodes, edges=edges, whole=whole)

    async def _tried(self, domain: str, job_id: str, limit: int) -> list[tuple[Run, list[Attempt]]]:
        runs = await self._engine.runs.find(RunQuery(domain=domain, limit=limit, job_ids=(job_id,)))
        if not runs:
            await self._jobs.get(domain, job_id)

        async def attempts(run: Run) -> list[Attempt]:
            if run.token < 1 or (run.token == 1 and run.state in _UNTRIED):
                return []
            return await self._engine.runs.attempts(domain, run.id)

        return list(zip(runs, await asyncio.gather(*map(attempts, runs)), strict=True))

    async def _with_outcomes(self, domain: str, jobs: Sequence[Job], runs: int) -> list[JobOverview]:
        ids = [job.job_id for job in jobs]
        recent, schedules = await asyncio.gather(
            self._engine.stats.recent(domain, ids, runs), self._schedules.of_jobs(domain, ids)
        )
        return [
            JobOverview(
                job=job,
                recent=recent.get(job.job_id, []),
                next_fire=schedules[job.job_id].next_at if job.job_id in schedules else None,
            )
            for job in jobs
        ]


def _upstream(job: Job) -> list[str]:
    return [*job.chain.links.dependencies, *job.chain.links.after]


def _edges(job: Job) -> list[Edge]:
    waits = [Edge(upstream=other, downstream=job.job_id, after=None) for other in job.chain.dependencies]
    return [*waits, *(Edge(upstream=each.job, downstream=job.job_id, after=each) for each in job.chain.after)]
