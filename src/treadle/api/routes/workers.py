"""Workers and the other processes: who is there; drain, disable, enable."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from treadle.api.answers import answers, reply
from treadle.api.body import NoBody
from treadle.api.deps import Call, CallDep
from treadle.api.routing import NounRouter
from treadle.api.schemas.workers import Worker, WorkerList, to_worker
from treadle.domain.workers import Role, WorkerState

_ANSWERED: Final = answers(Worker, "The worker.", 404)
_SWITCHED: Final = answers(Worker, "The worker.", 404, 409)

Roles = Annotated[list[Role] | None, Query(alias="role", description="Only those of this role, or of any of several.")]
States = Annotated[
    list[WorkerState] | None, Query(alias="status", description="Only those in this state, or in any of several.")
]


class Wanted(StrEnum):
    """A state that a worker can be told to go into."""

    ONLINE = "online"
    DISABLED = "disabled"
    DRAINING = "draining"


router = NounRouter(tags=["workers"])


@router.get("/workers", operation_id="list_workers", responses=answers(WorkerList, "The processes."))
async def list_workers(call: CallDep, roles: Roles = None, states: States = None) -> Response:
    """Workers, schedulers and APIs that are in service, and those lost or stopped within the last day."""
    workers = await call.services.workers.all(call.domain, roles or (), states or ())
    return reply(WorkerList(items=[to_worker(worker, call.caller.domain) for worker in workers]))


@router.get("/workers/{worker_id}", operation_id="get_worker", responses=_ANSWERED)
async def get_worker(call: CallDep, worker_id: str) -> Response:
    """One process."""
    return reply(to_worker(await call.services.workers.get(call.domain, worker_id), call.caller.domain))


@router.post("/workers/{worker_id}/drain", operation_id="drain_worker", dependencies=[NoBody], responses=_SWITCHED)
async def drain_worker(call: CallDep, worker_id: str) -> Response:
    """Let a worker take no more runs from now on, and end once those that it has have ended."""
    return await _switch(call, worker_id, WorkerState.DRAINING)


@router.post("/workers/{worker_id}/disable", operation_id="disable_worker", dependencies=[NoBody], responses=_SWITCHED)
async def disable_worker(call: CallDep, worker_id: str) -> Response:
    """Let a worker take no more runs from now on, and stay until it is enabled. What it runs goes on."""
    return await _switch(call, worker_id, WorkerState.DISABLED)


@router.post("/workers/{worker_id}/enable", operation_id="enable_worker", dependencies=[NoBody], responses=_SWITCHED)
async def enable_worker(call: CallDep, worker_id: str) -> Response:
    """Let a disabled worker take runs again."""
    return await _switch(call, worker_id, WorkerState.ONLINE)


@router.post("/workers/{worker_id}/state", operation_id="set_worker_state", dependencies=[NoBody], responses=_SWITCHED)
async def set_worker_state(call: CallDep, worker_id: str, state: Wanted) -> Response:
    """Another spelling of the three: `online` enables."""
    return await _switch(call, worker_id, WorkerState(state))


async def _switch(call: Call, worker_id: str, state: WorkerState) -> Response:
    bound = call.caller.domain
    return reply(to_worker(await call.services.workers.switch(call.domain, worker_id, state, bound=bound), bound))
