"""Workers: who is there."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from treadle.api.answers import answers, reply
from treadle.api.deps import CallDep
from treadle.api.schemas.workers import WorkerList, to_worker

router = APIRouter(tags=["workers"])


@router.get("/workers", operation_id="list_workers", responses=answers(WorkerList, "The workers."))
async def list_workers(call: CallDep) -> Response:
    """Workers that are online or draining, and those lost or stopped within the last day."""
    workers = await call.services.workers.all(call.domain)
    return reply(WorkerList(items=[to_worker(worker) for worker in workers]))
