"""What people say of the runs that they want, made into what an engine can look for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from treadle.domain.errors import InvalidInput, Problem, nearest
from treadle.domain.failures import GROUP_PATH
from treadle.domain.filters import RunFilter, RunsWanted
from treadle.domain.jobs import Job
from treadle.domain.searching import search_text
from treadle.services.jobs import Jobs

_RUN: Final = "run_"


async def narrow(jobs: Jobs, domain: str, wanted: RunsWanted, at: str) -> RunFilter | None:
    """The runs to look for; None where there can be none. `at` is the pointer of what was said.

    Raises InvalidInput where it cannot be understood, and for paths of inputs that no such job declares.
    """
    moments = wanted.moments(at)
    where = wanted.values(at)
    by_id = wanted.q is not None and wanted.q.startswith(_RUN)
    by_job = (wanted.tag or wanted.q) and not (by_id and not wanted.tag)
    job_ids = wanted.job
    if where or by_job:
        standing = await _standing(jobs, domain, wanted.job)
        _check_paths(where, standing, wanted, at)
        if by_job:
            text = None if by_id else wanted.q
            job_ids = tuple(job.job_id for job in standing if _is_wanted(job, wanted, text))
            if not job_ids:
                return None
    return RunFilter(
        run_ids=wanted.run,
        states=wanted.status,
        job_ids=job_ids,
        queues=wanted.queue,
        where=(*where.items(), *([(GROUP_PATH, wanted.failure_group)] if wanted.failure_group else [])),
        prefix=search_text(wanted.q or "") if by_id else None,
        dead=wanted.dead_letters,
        **moments,
    )


async def _standing(jobs: Jobs, domain: str, named: Collection[str]) -> list[Job]:
    """The jobs that are named, as they stand; without names all."""
    if not named:
        return [job async for job in jobs.all(domain)]
    found = [await jobs.find(domain, job_id) for job_id in dict.fromkeys(named)]
    return [job for job in found if job is not None]


def _is_wanted(job: Job, wanted: RunsWanted, text: str | None) -> bool:
    """Whether a job has one of the tags, and the text in its id or name."""
    return (not wanted.tag or not set(wanted.tag).isdisjoint(job.tags)) and (
        text is None or text.lower() in job.job_id.lower() or text.lower() in job.name.lower()
    )


def _check_paths(paths: Collection[str], standing: list[Job], wanted: RunsWanted, at: str) -> None:
    """Refuse paths that none of the jobs that are asked for declares, naming those that they do."""
    declared = sorted({path for job in standing for path in job.work.searchable})
    whose = f"the job {wanted.job[0]}" if len(wanted.job) == 1 else "these jobs" if wanted.job else "any job"
    problems = [
        Problem(
            f"{at}/where",
            f"{path} is no searchable input of {whose}{nearest(path, declared)}; declared are: "
            f"{', '.join(declared) or 'none (a job declares them as `searchable`)'}",
            "not_searchable",
        )
        for path in paths
        if path not in declared
    ]
    if problems:
        raise InvalidInput(problems)
