"""Jobs: define, read, replace, switch, delete."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Path
from starlette.responses import Response

from treadle.api.answers import answers, problem_answers, reply, takes
from treadle.api.body import JobBody, NoBody
from treadle.api.deps import Call, CallDep, Cursor, IdempotencyKey, Limit
from treadle.api.etags import Expected, tagged
from treadle.api.once import repeatable
from treadle.api.routing import NounRouter
from treadle.api.schemas.jobs import (
    Job,
    JobPage,
    JobVersions,
    Origins,
    Validation,
    split_read_only,
    to_definition,
    to_job,
)
from treadle.api.schemas.problems import Fault
from treadle.api.schemas.schedules import to_fires
from treadle.domain import jobs as domain
from treadle.domain.errors import InvalidInput
from treadle.domain.jobs import dump_job, parse_job
from treadle.domain.jobs.document import JobDocument
from treadle.domain.jobs.origins import value_origins
from treadle.domain.wording import when
from treadle.services.paging import DEFAULT_LIMIT

_EXAMPLE: Final = {
    "job_id": "nightly-backup",
    "executor": {"type": "shell", "script": "tar czf /backup/home.tgz /home"},
    "schedule": {"cron": "30 2 * * *", "timezone": "Asia/Jakarta"},
    "timeout_ms": 600_000,
    "retry_policy": {"max_retry": 2, "backoff_sec": [60, 300]},
}
_TAKES_JOB: Final = takes(JobDocument, example=_EXAMPLE, yaml=True)

Version = Annotated[int, Path(ge=1, le=2**53)]

router = NounRouter(tags=["jobs"])


@router.post(
    "/jobs",
    status_code=201,
    operation_id="create_job",
    responses=answers(Job, "The job that was made.", 400, 409, 413, 415, status=201),
    openapi_extra=_TAKES_JOB,
)
@repeatable
async def create_job(call: CallDep, document: JobBody, idempotency_key: IdempotencyKey = None) -> Response:
    """Define a new job.

    With an Idempotency-Key a repeated call is answered with the job that stands, as long as it is the same.
    """
    job = await call.services.jobs.create(call.domain, parse_job(document), repeatable=idempotency_key is not None)
    return await _answer(call, job, 201, {"Location": f"{call.prefix}/jobs/{job.job_id}"})


@router.get("/jobs", operation_id="list_jobs", responses=answers(JobPage, "A page of jobs."))
async def list_jobs(call: CallDep, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Response:
    """Jobs by id."""
    page = await call.services.jobs.page(call.domain, limit=limit, cursor=cursor)
    schedules = await call.services.schedules.of_jobs(call.domain, [job.job_id for job in page.items])
    items = [to_job(job, schedules[job.job_id].next_at if job.job_id in schedules else None) for job in page.items]
    return reply(JobPage(items=items, next_cursor=page.next_cursor, has_more=page.next_cursor is not None))


@router.post(
    "/jobs/validate",
    operation_id="validate_job",
    responses=answers(Validation, "What the document means, or what is wrong with it.", 400, 413, 415),
    openapi_extra=_TAKES_JOB,
)
async def validate_job(call: CallDep, document: JobBody) -> Response:
    """Check a document without storing it."""
    return await _checked(call, document)


@router.post(
    "/jobs/{job_id}/validate",
    operation_id="check_job",
    dependencies=[NoBody],
    responses=answers(Validation, "What its document means, or what is wrong with it.", 404),
)
async def check_job(call: CallDep, job_id: str) -> Response:
    """Check the document of a job as it stands, by the rules of this release."""
    return await _checked(call, dump_job((await call.services.jobs.get(call.domain, job_id)).spec))


async def _checked(call: Call, document: object) -> Response:
    try:
        checked = await call.services.jobs.check(call.domain, document)
    except InvalidInput as error:
        faults = [Fault(pointer=each.pointer, message=each.message, code=each.code) for each in error.problems]
        return reply(Validation(valid=False, errors=faults, job=None, when=None, next=[], fires=[]))
    fires = to_fires(checked.coming)
    return reply(
        Validation(
            valid=True,
            errors=[],
            job=to_definition(checked.spec),
            when=when(checked.spec),
            next=[each.at for each in fires],
            fires=fires,
        )
    )


@router.get("/jobs/{job_id}", operation_id="get_job", responses=answers(Job, "The job.", 404))
async def get_job(call: CallDep, job_id: str) -> Response:
    """The version of a job that stands."""
    return await _answer(call, await call.services.jobs.get(call.domain, job_id))


@router.get(
    "/jobs/{job_id}/origins",
    operation_id="get_job_origins",
    responses=answers(Origins, "Where its values came from.", 404),
)
async def get_job_origins(call: CallDep, job_id: str) -> Response:
    """Where each value of a job came from: the default, its definition, or what went over that."""
    return reply(Origins(values=value_origins(await call.services.jobs.get(call.domain, job_id))))


@router.put(
    "/jobs/{job_id}",
    operation_id="replace_job",
    responses=answers(Job, "The new version, or the standing one where nothing differs.", 400, 404, 412, 413, 415),
    openapi_extra=_TAKES_JOB,
)
async def replace_job(call: CallDep, job_id: str, document: JobBody, expected: Expected) -> Response:
    """Replace a job's definition. A job as it was read may be sent back; its `version` counts like If-Match."""
    standing = await call.services.jobs.get(call.domain, job_id)
    definition, version = split_read_only(document, standing)
    if isinstance(definition, dict):
        definition.setdefault("job_id", job_id)
    expected = version if expected is None else expected
    job = await call.services.jobs.replace(call.domain, job_id, parse_job(definition), expected=expected)
    return await _answer(call, job)


@router.delete(
    "/jobs/{job_id}",
    status_code=204,
    operation_id="delete_job",
    dependencies=[NoBody],
    responses={204: {"description": "It is gone."}, **problem_answers(404, 409, 412)},
)
async def delete_job(call: CallDep, job_id: str, expected: Expected) -> Response:
    """Delete a job and its schedules, as long as no other job names it. Its runs go on, and its versions are kept."""
    await call.services.jobs.delete(call.domain, job_id, expected=expected)
    return Response(status_code=204)


async def enable_job(call: CallDep, job_id: str, expected: Expected) -> Response:
    """Let a job's schedules fire. PUT and POST do the same."""
    return await _answer(call, await call.services.jobs.enable(call.domain, job_id, expected=expected))


async def disable_job(call: CallDep, job_id: str, expected: Expected) -> Response:
    """Keep a job's schedules from firing; it can still be run by hand. PUT and POST do the same."""
    return await _answer(call, await call.services.jobs.disable(call.domain, job_id, expected=expected))


for _switch in (enable_job, disable_job):
    _name = _switch.__name__
    _path = f"/jobs/{{job_id}}/{_name.removesuffix('_job')}"
    _responses: dict[int | str, Any] = answers(Job, "The job as it is now.", 404, 412)
    router.put(_path, operation_id=_name, dependencies=[NoBody], responses=_responses)(_switch)
    router.post(_path, operation_id=f"post_{_name}", dependencies=[NoBody], responses=_responses)(_switch)


@router.get(
    "/jobs/{job_id}/versions", operation_id="list_job_versions", responses=answers(JobVersions, "Its versions.", 404)
)
async def list_job_versions(
    call: CallDep, job_id: str, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Response:
    """The versions of a job, newest first; also of one that was deleted."""
    page = await call.services.jobs.versions(call.domain, job_id, limit=limit, cursor=cursor)
    items = [to_job(job) for job in page.items]
    return reply(JobVersions(items=items, next_cursor=page.next_cursor, has_more=page.next_cursor is not None))


@router.get(
    "/jobs/{job_id}/versions/{version}",
    operation_id="get_job_version",
    responses=answers(Job, "The job as it was.", 404),
)
async def get_job_version(call: CallDep, job_id: str, version: Version) -> Response:
    """A job as it was at a version; also of one that was deleted."""
    return reply(to_job(await call.services.jobs.get_version(call.domain, job_id, version)))


@router.post(
    "/jobs/{job_id}/rollback/{version}",
    operation_id="roll_back_job",
    dependencies=[NoBody],
    responses=answers(Job, "The new version, which says what that one said.", 404, 412),
)
async def roll_back_job(call: CallDep, job_id: str, version: Version, expected: Expected) -> Response:
    """Let a job say again what it said at an earlier version. That makes a new one: nothing is taken back."""
    return await _answer(call, await call.services.jobs.roll_back(call.domain, job_id, version, expected=expected))


async def _answer(call: Call, job: domain.Job, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A job with its ETag, and with when it fires next."""
    schedules = await call.services.schedules.of_jobs(call.domain, [job.job_id])
    next_at = schedules[job.job_id].next_at if schedules else None
    return reply(to_job(job, next_at), status, {**tagged(job.version), **(headers or {})})
