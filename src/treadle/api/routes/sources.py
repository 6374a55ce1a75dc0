"""Sources: the files that jobs come from, and those among them that cannot be used."""

from __future__ import annotations

from starlette.responses import Response

from treadle.api.answers import answers, reply
from treadle.api.deps import CallDep
from treadle.api.routing import NounRouter
from treadle.api.schemas.sources import SourceList, to_source

router = NounRouter(tags=["sources"])


@router.get("/sources", operation_id="list_sources", responses=answers(SourceList, "The sources."))
async def list_sources(call: CallDep) -> Response:
    """What the folders of task files declared when they were read last, and which files could not be used, and why."""
    return reply(SourceList(items=[to_source(found) for found in await call.services.sources.all(call.domain)]))
