"""Dead letters: failed runs that nobody has retried or discarded yet."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from treadle.api.answers import answers, reply, takes
from treadle.api.body import JsonBody
from treadle.api.deps import CallDep, Cursor, IdempotencyKey, Limit
from treadle.api.once import once, repeatable
from treadle.api.routes.runs import detailed, page_of
from treadle.api.routes.submitting import accepted
from treadle.api.routing import NounRouter
from treadle.api.schemas.dead_letters import LetterAnswers, to_answers
from treadle.api.schemas.runs import Run, RunDetail, RunPage, to_run
from treadle.domain.letters import Discard, DiscardMany, RetryMany
from treadle.domain.shapes import read
from treadle.domain.submitting import RetryRequest
from treadle.services.paging import DEFAULT_LIMIT

_RUN_IDS: Final = ["run_019d2f6c1e5b7c3a9f40b1d2c3e4f506"]
_RETRY: Final = takes(RetryRequest, example={"inputs": {"date": "2026-11-05"}}, required=False)
_RETRIED: Final = answers(Run, "The new run.", 400, 404, 409, 413, 415, status=202)
_ANSWERED: Final = answers(LetterAnswers, "What became of each.", 400, 413, 415)

Names = Annotated[list[str] | None, Query()]

router = NounRouter(tags=["dead letters"])


@router.get("/dead-letters", operation_id="list_dead_letters", responses=answers(RunPage, "A page of dead letters."))
async def list_dead_letters(
    call: CallDep, queue: Names = None, job: Names = None, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Response:
    """Failed runs that nobody has retried or discarded, newest first. A filter given several times means any of it."""
    page = await call.services.dead_letters.page(
        call.domain, queues=queue or (), job_ids=job or (), limit=limit, cursor=cursor
    )
    return page_of(page)


@router.get(
    "/dead-letters/{run_id}", operation_id="get_dead_letter", responses=answers(RunDetail, "The failed run.", 404)
)
async def get_dead_letter(call: CallDep, run_id: str) -> Response:
    """A dead letter with its attempts; also one that was resolved."""
    run = await call.services.dead_letters.get(call.domain, run_id)
    return await detailed(call, run)


@router.post(
    "/dead-letters/retry",
    operation_id="retry_dead_letters",
    responses=_ANSWERED,
    openapi_extra=takes(RetryMany, example={"run_ids": _RUN_IDS, "inputs": {"date": "2026-11-05"}}),
)
@once
async def retry_dead_letters(call: CallDep, document: JsonBody) -> Response:
    """Retry several dead letters, each by itself."""
    wanted = read(document, RetryMany)
    return reply(to_answers(await call.services.dead_letters.retry_many(call.domain, wanted)))


@router.post(
    "/dead-letters/discard",
    operation_id="discard_dead_letters",
    responses=_ANSWERED,
    openapi_extra=takes(DiscardMany, example={"run_ids": _RUN_IDS, "why": "the customer is gone"}),
)
@once
async def discard_dead_letters(call: CallDep, document: JsonBody) -> Response:
    """Discard several dead letters, each by itself."""
    wanted = read(document, DiscardMany)
    return reply(to_answers(await call.services.dead_letters.discard_many(call.domain, wanted, by=call.who)))


@router.post(
    "/dead-letters/{run_id}/retry",
    operation_id="retry_dead_letter",
    status_code=202,
    responses=_RETRIED,
    openapi_extra=_RETRY,
)
@repeatable
async def retry_dead_letter(
    call: CallDep, run_id: str, document: JsonBody, idempotency_key: IdempotencyKey = None
) -> Response:
    """Submit a new run in the place of a dead letter, which is resolved by it: of two such calls one is 409."""
    request = read(document, RetryRequest)
    return accepted(call, await call.services.dead_letters.retry(call.domain, run_id, request, key=idempotency_key))


@router.post(
    "/dead-letters/{run_id}/discard",
    operation_id="discard_dead_letter",
    responses=answers(Run, "The failed run.", 400, 404, 409, 413, 415),
    openapi_extra=takes(Discard, example={"why": "the customer is gone"}, required=False),
)
async def discard_dead_letter(call: CallDep, run_id: str, document: JsonBody) -> Response:
    """Resolve a dead letter without another try. The run stays as it is."""
    why = read(document, Discard).why
    return reply(to_run(await call.services.dead_letters.discard(call.domain, run_id, by=call.who, why=why)))
