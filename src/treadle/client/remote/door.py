"""The door of a client that has a server's URL: its words go over HTTP."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import UNSET, to_builtins

from treadle.client.groups import Group
from treadle.client.remote import answers
from treadle.client.remote.answers import Run
from treadle.client.remote.calls import Answer, Async, Call
from treadle.client.remote.index import Nouns
from treadle.client.remote.paths import segment
from treadle.client.remote.place import Place
from treadle.client.remote.transport import Transport
from treadle.domain import json
from treadle.domain.errors import Conflict, InvalidInput, NotFound, TreadleError
from treadle.domain.groups import GroupRequest
from treadle.domain.instants import Instant, from_datetime
from treadle.domain.letters import Resolution
from treadle.domain.messages import MessageState, MessageView
from treadle.domain.posting import MessageRequest
from treadle.domain.runs import TERMINAL, RunView, State
from treadle.domain.submitting import RunRequest
from treadle.engines.contract import Accepted, Admission

_FIRST_LOOK: Final = 0.05
_LAST_LOOK: Final = 1.0
"""Seconds between two looks at a run that is waited for; they grow by half."""

_PAGE: Final = 200
_OF_BATCH: Final = re.compile(r"^/runs/(\d+)/inputs")


class ServerDoor:
    """A server's API. See `Door`."""

    def __init__(self, place: Place, retries: int) -> None:
        self.transport = Transport(place, retries)
        self._ask: Nouns[Async] = Nouns(self.transport)

    async def open(self) -> None:
        await self.transport.open()

    async def close(self) -> None:
        await self.transport.close()

    async def submit(self, job_id: str, request: RunRequest, *, key: str | None, connection: object | None) -> Accepted:
        _no_connection(connection)
        call: Call[Run] = Call(method="POST", path=f"/jobs/{segment(job_id)}/run", answer=Run, body=request, key=key)
        answer = await self.transport.answer(call)
        if key is not None and _was_before(answer):
            return Accepted(answer.value.run_id, Admission.EXISTING)
        admission = answer.headers.get("run-admission", Admission.CREATED)
        return Accepted(answer.value.run_id, Admission(admission))

    async def submit_many(self, job_id: str, requests: Sequence[RunRequest], *, connection: object | None) -> list[str]:
        _no_connection(connection)
        runs = [{"job_id": job_id, "inputs": each.inputs, "priority": each.priority} for each in requests]
        try:
            accepted = await self._ask.runs.submit(runs)
        except InvalidInput as error:
            raise _as_submitted(error) from None
        return [each.run_id for each in accepted.items]

    async def submit_group(self, request: GroupRequest, *, key: str | None, connection: object | None) -> Group:
        _no_connection(connection)
        group = await self._ask.runs.run_group(
            request.job_id,
            request.inputs,
            request.then,
            then_inputs=request.then_inputs,
            join=request.join,
            on_parent_failure=request.on_parent_failure,
            priority=request.priority,
            key=key,
        )
        return Group(group.join.run_id, group.members)

    async def get(self, run_id: str) -> RunView:
        return to_view(await self._ask.runs.get(run_id))

    async def wait(self, run_id: str) -> RunView:
        pause = _FIRST_LOOK
        while (run := await self.get(run_id)).state not in TERMINAL:
            await asyncio.sleep(pause)
            pause = min(1.5 * pause, _LAST_LOOK)
        return run

    async def cancel(self, run_id: str) -> State:
        try:
            return (await self._ask.runs.cancel(run_id)).status
        except Conflict:  # it has ended
            return (await self.get(run_id)).state

    async def put_messages(self, requests: Sequence[MessageRequest]) -> list[str]:
        keyed = any(each.dedupe_key is not None for each in requests)  # beside such a key the call can have none
        answer = await self._ask.messages.put(to_builtins(requests), key=UNSET if keyed else None)
        return [each.message_id for each in answer.items]

    async def get_message(self, message_id: str) -> MessageView:
        return _to_message(await self._ask.messages.get(message_id))

    async def find_messages(
        self, *, types: Sequence[str], states: Sequence[MessageState], before: str | None, limit: int
    ) -> Sequence[MessageView]:
        if before is not None:
            raise InvalidInput("before= is for a client of the database: over HTTP go through client.messages.list(…)")
        found: list[MessageView] = []
        pages = self._ask.messages.list(type=types, state=states, page_size=min(limit, _PAGE))
        async for message in pages:
            found.append(_to_message(message))
            if len(found) == limit:
                break
        return found

    async def retry_messages(self, message_ids: Sequence[str]) -> frozenset[str]:
        return frozenset([each for each in message_ids if await _did(self._ask.messages.retry(each))])

    async def discard_messages(self, message_ids: Sequence[str]) -> frozenset[str]:
        return frozenset([each for each in message_ids if await _did(self._ask.messages.discard(each))])

    async def publish(self, name: str, data: Mapping[str, Any], *, source: str, key: str | None) -> int:
        answer = await self._ask.events.publish.answer(name, data=data, source=source, key=key)
        return 0 if key is not None and _was_before(answer) else answer.value.woken


def _no_connection(connection: object | None) -> None:
    if connection is not None:
        raise InvalidInput("connection= is for a client of the database: a server cannot be part of your transaction")


def _was_before(answer: Answer[Any]) -> bool:
    """Whether a call is answered what one before it was, with the same key."""
    return "idempotency-replayed" in answer.headers


def _as_submitted(error: InvalidInput) -> TreadleError:
    """What is wrong with a batch, told of the inputs that were submitted."""
    if any(each.code == "job_missing" for each in error.problems):
        return NotFound(error.problems[0].message)
    return InvalidInput(
        dataclasses.replace(each, pointer=_OF_BATCH.sub(r"/inputs/\1", each.pointer)) for each in error.problems
    )


async def _did(work: Awaitable[object]) -> bool:
    """Whether something was as it had to be for this."""
    try:
        await work
    except (NotFound, Conflict):
        return False
    return True


def to_view(run: Run) -> RunView:
    """A run of the API in the words that all clients have."""
    return RunView(
        id=run.run_id,
        job_id=run.job_id,
        job_version=run.job_version,
        queue=run.queue,
        priority=run.priority,
        state=run.status,
        reason=run.reason,
        due_at=from_datetime(run.due_at),
        created_at=from_datetime(run.created_at),
        attempt=run.attempt,
        cancel_requested_at=_instant(run.cancel_requested_at),
        worker_id=run.worker_id,
        started_at=_instant(run.started_at),
        finished_at=_instant(run.finished_at),
        inputs=json.encode(run.inputs),
        result=None if run.result is None else json.encode(run.result),
        error=run.error,
        cause=run.cause,
        schedule_id=run.schedule_id,
        slot=_instant(run.slot),
        retry_of=run.retry_of,
        resolution=None if run.resolution is None else _resolution(run.resolution),
    )


def _resolution(told: answers.Resolution) -> Resolution:
    return Resolution(told.how, from_datetime(told.at), run_id=told.run_id, by=told.by, why=told.why)


def _to_message(message: answers.Message) -> MessageView:
    return MessageView(
        id=message.message_id,
        type=message.type,
        key=message.key,
        payload=json.encode(message.payload),
        created_at=from_datetime(message.created_at),
        state=message.state,
        attempts=message.attempts,
        max_attempts=message.max_attempts,
        error=message.error,
        run_id=message.run_id,
        settled_at=_instant(message.settled_at),
    )


def _instant(moment: datetime | None) -> Instant | None:
    return None if moment is None else from_datetime(moment)
