"""What to look at first: what needs somebody, and how far a newcomer has come."""

from __future__ import annotations

from starlette.responses import Response

from treadle.api.answers import answers, reply
from treadle.api.deps import CallDep
from treadle.api.routing import NounRouter
from treadle.api.schemas.overview import Attention, FirstSteps, to_attention, to_first_steps

router = NounRouter(tags=["stats"])


@router.get("/overview/attention", operation_id="get_attention", responses=answers(Attention, "What needs somebody."))
async def get_attention(call: CallDep) -> Response:
    """What needs somebody now, the gravest first: processes that are missing or lost, queues that nobody takes from or
    that are paused, schedules that are overdue, jobs that fail, dead letters, and open groups of failures."""
    return reply(to_attention(await call.services.attention.concerns(call.domain)))


@router.get("/overview/first-steps", operation_id="get_first_steps", responses=answers(FirstSteps, "The steps."))
async def get_first_steps(call: CallDep) -> Response:
    """The first steps with Treadle, each with whether it is done: the server works, a run has completed, a job beside
    the demo is there, one of these runs by itself."""
    return reply(to_first_steps(await call.services.first_steps.look(call.domain)))
