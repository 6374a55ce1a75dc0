"""What a run has said, and what it is saying."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import Query, Request
from starlette.responses import Response, StreamingResponse

from treadle.api.answers import PLAIN_TEXT, answers, problem_answers, reply
from treadle.api.deps import Call, CallDep
from treadle.api.routes.events import MAX_POSITION, LastEventId
from treadle.api.routing import NounRouter
from treadle.api.schemas.logs import LogPage, to_entry, to_text
from treadle.api.sse import EventStream, Told, check_stream, frame, parts, streams_of
from treadle.domain.json import encode

MAX_LINES: Final = 1_000

_LINES: Final = {"type": "string", "examples": ["2026-11-05T02:30:00.120Z info it begins\n"]}
_TEXT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The lines.", "content": {PLAIN_TEXT: {"schema": _LINES}}},
    **problem_answers(404),
}

router = NounRouter(tags=["logs"])


@router.get(
    "/runs/{run_id}/logs",
    operation_id="read_run_logs",
    responses=answers(LogPage, "Lines in order; as a stream, until the run has ended.", 404, 429, stream=True),
)
async def read_run_logs(
    request: Request,
    call: CallDep,
    run_id: str,
    after: Annotated[int, Query(ge=0, le=MAX_POSITION, description="The `seq` of the last line seen.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_LINES)] = 200,
    follow: Annotated[bool, Query(description="Stream what there is, then what comes, until the run ends.")] = False,
    last_event_id: LastEventId = None,
) -> Response:
    """A page of a run's log, or the whole of it as a stream of server-sent events `log`, closed by one `end`."""
    services = call.services
    if follow:
        check_stream(request)
        await services.runs.get(call.domain, run_id)
        position = after if last_event_id is None else last_event_id
        patience = streams_of(request).limits.keep_alive_sec
        return EventStream(request, call, _stream(call, run_id, position, patience), position)
    lines, more = await services.logs.page(call.domain, run_id, after=after, limit=limit)
    items = [to_entry(line) for line in lines]
    return reply(LogPage(items=items, next_cursor=lines[-1].seq if lines else after, has_more=more))


@router.get("/runs/{run_id}/logs/text", operation_id="download_run_logs", response_class=Response, responses=_TEXT)
async def download_run_logs(call: CallDep, run_id: str) -> Response:
    """The whole log of a run as it stands, a line each with moment, level and fields: plain text, without colours."""
    await call.services.runs.get(call.domain, run_id)
    named = {"Content-Disposition": f'attachment; filename="{run_id}.log"'}
    return StreamingResponse(_texts(call, run_id), headers=named, media_type=PLAIN_TEXT)


async def _texts(call: Call, run_id: str) -> AsyncIterator[str]:
    after, more = 0, True
    while more:
        lines, more = await call.services.logs.page(call.domain, run_id, after=after, limit=MAX_LINES)
        after = lines[-1].seq if lines else after
        yield "".join(map(to_text, lines))


async def _stream(call: Call, run_id: str, position: int, patience: float) -> AsyncIterator[Told]:
    async for lines in call.services.logs.follow(call.domain, run_id, position, patience):
        position = lines[-1].seq if lines else position
        for told in parts((frame("log", encode(to_entry(line)), line.seq) for line in lines), position):
            yield told
    run = await call.services.runs.get(call.domain, run_id)
    yield Told(frame("end", encode({"run_id": run.id, "status": run.state})), position)
