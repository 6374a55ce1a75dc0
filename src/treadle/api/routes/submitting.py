"""Submitting runs: one, many, a group, once without a job, and again."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from treadle.api.answers import answers, reply, takes
from treadle.api.body import JobBody, JsonBody
from treadle.api.deps import Call, CallDep, IdempotencyKey
from treadle.api.once import repeatable
from treadle.api.routing import NounRouter
from treadle.api.schemas.batches import AcceptedRuns, to_accepted
from treadle.api.schemas.runs import Group, Run, to_run
from treadle.domain.batches import RunBatch, RunOrder, read_orders
from treadle.domain.enqueuing import EnqueueRequest
from treadle.domain.errors import moved
from treadle.domain.groups import GroupRequest
from treadle.domain.jobs import parse_job
from treadle.domain.jobs.document import JobDocument
from treadle.domain.shapes import read
from treadle.domain.submitting import RetryRequest, RunRequest
from treadle.engines.contract import Admission
from treadle.services.runs import ADHOC, Submitted

_EXAMPLE: Final = {"inputs": {"date": "2026-11-05"}, "priority": "high"}
_ENQUEUE_EXAMPLE: Final = {"jobId": "report", "priority": "high", "input": {"date": "2026-11-05"}}
_BATCH_EXAMPLE: Final = {
    "runs": [
        {"job_id": "report", "inputs": {"date": "2026-11-05"}},
        {"job_id": "nightly-backup", "priority": "low", "delay_sec": 60},
    ]
}
_GROUP_EXAMPLE: Final = {"job_id": "resize", "inputs": [{"file": "a.png"}, {"file": "b.png"}], "then": "publish"}

_ACCEPTED: Final = {
    **answers(Run, "The run that stands, whose unique key is the same."),
    **answers(Run, "The run that was accepted.", 400, 404, 409, 413, 415, status=202),
}

router = NounRouter(tags=["runs"])


@router.post(
    "/jobs/{job_id}/run",
    status_code=202,
    operation_id="run_job",
    responses=_ACCEPTED,
    openapi_extra=takes(RunRequest, example=_EXAMPLE, required=False),
)
@repeatable
async def run_job(call: CallDep, job_id: str, document: JsonBody, idempotency_key: IdempotencyKey = None) -> Response:
    """Submit a run of a job. Its `inputs` go over the job's own, key by key. Also a disabled job can be run so."""
    request = read(document, RunRequest)
    return accepted(call, await call.services.runs.submit(call.domain, job_id, request, key=idempotency_key))


@router.post(
    "/queue/enqueue",
    status_code=202,
    operation_id="enqueue_run",
    responses=_ACCEPTED,
    openapi_extra=takes(EnqueueRequest, example=_ENQUEUE_EXAMPLE),
)
@repeatable
async def enqueue_run(call: CallDep, document: JsonBody, idempotency_key: IdempotencyKey = None) -> Response:
    """The same as `POST /jobs/{job_id}/run`, in the words of platforms that have one queue."""
    order = read(document, EnqueueRequest).order()
    with moved("/inputs", "/input"), moved("/depends_on", "/dependsOn"):
        submitted = await call.services.runs.submit(call.domain, order.job_id, order, key=idempotency_key)
    return accepted(call, submitted)


@router.post(
    "/jobs/adhoc",
    status_code=202,
    operation_id="run_adhoc_job",
    responses=answers(Run, "The run that was accepted.", 400, 409, 413, 415, status=202),
    openapi_extra=takes(
        JobDocument, example={"executor": {"type": "shell", "script": "df -h /"}, "timeout_ms": 10_000}, yaml=True
    ),
)
@repeatable
async def run_adhoc_job(call: CallDep, document: JobBody, idempotency_key: IdempotencyKey = None) -> Response:
    """Submit one run of a job that is not kept. Its runs are found under its `job_id`, `adhoc` by default."""
    if isinstance(document, dict):
        document.setdefault("job_id", ADHOC)
    submitted = await call.services.runs.submit_once(call.domain, parse_job(document), key=idempotency_key)
    return accepted(call, submitted)


@router.post(
    "/runs",
    status_code=202,
    operation_id="submit_runs",
    responses=answers(AcceptedRuns, "The runs that were accepted.", 400, 409, 413, 415, status=202),
    openapi_extra=takes(RunOrder, RunBatch, example=_BATCH_EXAMPLE),
)
@repeatable
async def submit_runs(call: CallDep, document: JsonBody, idempotency_key: IdempotencyKey = None) -> Response:
    """Submit a run, or up to 1000 of any jobs, all or none: a refusal names each that is at fault by its place."""
    submitted = await call.services.runs.submit_batch(call.domain, read_orders(document), key=idempotency_key)
    replayed = all(each.admission is Admission.EXISTING for each in submitted)
    return reply(to_accepted(submitted), 202, {"Idempotency-Replayed": "true"} if replayed else None)


@router.post(
    "/runs/groups",
    status_code=202,
    operation_id="run_group",
    responses=answers(Group, "The runs that were accepted.", 400, 404, 409, 413, 415, status=202),
    openapi_extra=takes(GroupRequest, example=_GROUP_EXAMPLE),
)
@repeatable
async def run_group(call: CallDep, document: JsonBody, idempotency_key: IdempotencyKey = None) -> Response:
    """Submit many runs of a job and one that waits for them all, all or none. The last gets the others' results."""
    request = read(document, GroupRequest)
    group = await call.services.runs.submit_group(call.domain, request, key=idempotency_key)
    headers = _headers(call, group.join.id, replayed=group.replayed)
    return reply(Group(join=to_run(group.join), members=group.members), 202, headers)


@router.post(
    "/runs/{run_id}/retry",
    status_code=202,
    operation_id="retry_run",
    responses=_ACCEPTED,
    openapi_extra=takes(RetryRequest, example={"inputs": {"date": "2026-11-05"}}, required=False),
)
@repeatable
async def retry_run(call: CallDep, run_id: str, document: JsonBody, idempotency_key: IdempotencyKey = None) -> Response:
    """Submit a new run that does again what a finished one did, with the work of then; it resolves a dead letter."""
    request = read(document, RetryRequest)
    return accepted(call, await call.services.runs.retry(call.domain, run_id, request, key=idempotency_key))


def accepted(call: Call, submitted: Submitted) -> Response:
    """The answer to a run that was submitted, or to the one that stands for it."""
    headers = _headers(call, submitted.run.id, replayed=submitted.admission is Admission.EXISTING)
    if submitted.admission in (Admission.DUPLICATE, Admission.DEBOUNCED):
        headers["Run-Admission"] = submitted.admission.value
    duplicate = submitted.admission is Admission.DUPLICATE
    return reply(to_run(submitted.run), 200 if duplicate else 202, headers)


def _headers(call: Call, run_id: str, *, replayed: bool) -> dict[str, str]:
    headers = {"Location": f"{call.prefix}/runs/{run_id}"}
    return {**headers, "Idempotency-Replayed": "true"} if replayed else headers
