"""The client for async code."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypedDict, Unpack

from treadle.client.binding import Bound, bound
from treadle.client.door import Door, find_door
from treadle.client.engine_door import EngineDoor
from treadle.client.groups import Group
from treadle.client.portal import NOT_OPEN
from treadle.client.queue_messages import QueueMessage, QueueMessageFilter, to_queue_message
from treadle.client.remote.calls import Async, Way
from treadle.client.remote.index import Nouns
from treadle.domain import json
from treadle.domain.dependencies import Join, OnParentFailure
from treadle.domain.errors import InvalidInput, TreadleError, moved
from treadle.domain.groups import GroupRequest
from treadle.domain.messages import MessageState, MessageView
from treadle.domain.posting import read_requests
from treadle.domain.priority import Priority
from treadle.domain.runs import RunView, State
from treadle.domain.shapes import read
from treadle.domain.submitting import RunRequest
from treadle.engines.contract import Accepted, Engine
from treadle.settings import Settings


class RunNotCompleted(TreadleError):
    """A run whose result was asked for ended otherwise. `run` says how."""

    code = "run_not_completed"

    def __init__(self, run: RunView) -> None:
        super().__init__(f"run {run.id} is {run.state}" + (f": {run.error.message}" if run.error else ""))
        self.run = run


class RunOptions(TypedDict, total=False):
    """What may be said about a run that is submitted: see `AsyncClient.enqueue`."""

    key: str | None
    priority: Priority | str | int | None
    delay: float | None
    at: datetime | str | None
    scheduled_for: datetime | str | None
    unique: Mapping[str, Any] | None
    depends_on: Iterable[str | Mapping[str, Any]]
    join: Join | None
    on_parent_failure: OnParentFailure | None
    connection: object | None


class AsyncClient(Nouns[Async]):
    """Submits runs, follows them, and asks a server all that its API offers: `async with AsyncClient() as client: …`.

    It has one of two doors. With the URL of a server its words go over HTTP, and every noun of the API is there
    (`client.runs`, `client.jobs`, …). With a database, or with settings that name one, they go straight to it, and the
    nouns are not.

    Within the block it is bound to the context: handlers submit by it (`await send_report.enqueue(org="x")`).
    """

    def __init__(
        self,
        where: Settings | str | None = None,
        *,
        token: str | None = None,
        domain: str | None = None,
        profile: str | None = None,
        retries: int = 5,
    ) -> None:
        """See `find_door` for where it goes: `profile` is one of `treadle login`.

        Of a server, `token` and `domain` come from `TREADLE_TOKEN` and `TREADLE_DOMAIN` unless given, and a call is
        made again up to `retries` times where that does nothing twice.
        """
        self._found = find_door(where, os.environ, token=token, domain=domain, profile=profile, retries=retries)
        self._opened = False

    async def __aenter__(self) -> Self:
        await self._found.open()
        self._opened = True
        self._before = bound.get()
        bound.set(Bound(lambda: self, asyncio.get_running_loop()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        bound.set(self._before)
        self._opened = False
        await self._found.close()

    @classmethod
    def over(cls, engine: Engine, settings: Settings) -> Self:
        """One that uses an engine which others have opened, and close. It is not to be entered."""
        client = cls(settings)
        client._found, client._opened = EngineDoor(settings, engine), True
        return client

    @property
    def way(self) -> Way:
        """How the nouns are asked. Raises InvalidInput where there is no server."""
        way: Way | None = getattr(self._door, "transport", None)
        if way is None:
            raise InvalidInput(
                "this client goes straight to the database, which submits and follows runs: for the rest give it the "
                "URL of a server, or set TREADLE_URL and TREADLE_TOKEN"
            )
        return way

    @property
    def _door(self) -> Door:
        if not self._opened:
            raise InvalidInput(NOT_OPEN)
        return self._found

    async def enqueue(
        self,
        job_id: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        priority: Priority | str | int | None = None,
        delay: float | None = None,
        at: datetime | str | None = None,
        scheduled_for: datetime | str | None = None,
        unique: Mapping[str, Any] | None = None,
        depends_on: Iterable[str | Mapping[str, Any]] = (),
        join: Join | None = None,
        on_parent_failure: OnParentFailure | None = None,
        connection: object | None = None,
    ) -> str:
        """Submit a run of a job, due after `delay` seconds or `at` a moment, which may be a text in RFC 3339; answers
        its id once it is on disk.

        It waits for the runs that `depends_on` names, by id or as `{"run": …, "if": {"path": …, "equals": …}}`. `join`
        and `on_parent_failure` say how they must end, and what becomes of it where they do not.

        `scheduled_for` is another word for `at`; `unique` takes the place of the job's own rule. Where another run
        stands for this one (its unique key is the same, or it waits for further submits), the answer is that run's id;
        `submit` tells the one from the other.

        With a `connection` of asyncpg, psycopg or SQLAlchemy to the engine's PostgreSQL database, the run is stored in
        the transaction that it is in: the run exists if and only if that commits. The library's errors go through.

        `inputs` go over the job's own. A `key` that came before with the same call names the run of then. Raises
        NotFound for an unknown job, InvalidInput, PayloadTooLarge, QueueDraining, and KeyReused for the key of another
        call.
        """
        accepted = await self.submit(
            job_id,
            inputs,
            key=key,
            priority=priority,
            delay=delay,
            at=at,
            scheduled_for=scheduled_for,
            unique=unique,
            depends_on=depends_on,
            join=join,
            on_parent_failure=on_parent_failure,
            connection=connection,
        )
        return accepted.run_id

    async def submit(
        self, job_id: str, inputs: Mapping[str, Any] | None = None, **options: Unpack[RunOptions]
    ) -> Accepted:
        """As `enqueue`; answers the id as `run_id`, and in `admission` what became of the submit.

        It is `created` for a new run. For one that stands: `existing` where the `key` is the same, `duplicate` where
        the unique key is, `debounced` where it waits for further submits and took this one in.
        """
        at, scheduled_for, unique = options.get("at"), options.get("scheduled_for"), options.get("unique")
        depends_on = options.get("depends_on", ())
        document = {
            "inputs": _plain(inputs),
            "priority": options.get("priority"),
            "delay_sec": options.get("delay"),
            "at": at.isoformat() if isinstance(at, datetime) else at,
            "scheduledFor": scheduled_for.isoformat() if isinstance(scheduled_for, datetime) else scheduled_for,
            "unique": _plain(unique),
            "depends_on": depends_on if isinstance(depends_on, str | Mapping) else list(depends_on),
            "join": options.get("join"),
            "on_parent_failure": options.get("on_parent_failure"),
        }
        request = read(document, RunRequest)
        return await self._door.submit(job_id, request, key=options.get("key"), connection=options.get("connection"))

    async def enqueue_many(
        self,
        job_id: str,
        inputs: Iterable[Mapping[str, Any]],
        *,
        priority: Priority | str | int | None = None,
        connection: object | None = None,
    ) -> list[str]:
        """Submit a run for each of `inputs`, all or none, in one transaction; answers their ids in order.

        Raises as `enqueue` does.
        """
        requests = []
        for place, each in enumerate(inputs):
            with moved("/inputs", f"/inputs/{place}"):
                requests.append(read({"inputs": _plain(each), "priority": priority}, RunRequest))
        return await self._door.submit_many(job_id, requests, connection=connection)

    async def enqueue_group(
        self,
        job_id: str,
        inputs: Iterable[Mapping[str, Any]],
        *,
        then: str,
        then_inputs: Mapping[str, Any] | None = None,
        join: Join = Join.ALL,
        on_parent_failure: OnParentFailure = OnParentFailure.CANCEL,
        priority: Priority | None = None,
        key: str | None = None,
        connection: object | None = None,
    ) -> Group:
        """Submit a run for each of `inputs` and one of the job `then` that joins them, all or none.

        The last waits for the others as `join` and `on_parent_failure` say, and gets their results. Raises as `enqueue`
        does.
        """
        document = {
            "job_id": job_id,
            "inputs": [_plain(each) for each in inputs],
            "then": then,
            "then_inputs": _plain(then_inputs),
            "join": join,
            "on_parent_failure": on_parent_failure,
            "priority": priority,
        }
        return await self._door.submit_group(read(document, GroupRequest), key=key, connection=connection)

    async def get(self, run_id: str) -> RunView:
        """A run as it stands. Raises NotFound."""
        return await self._door.get(run_id)

    async def wait(self, run_id: str) -> RunView:
        """The run once it has ended, however it did. To wait no longer than so long, use `asyncio.timeout`."""
        return await self._door.wait(run_id)

    async def result(self, run_id: str) -> Any:
        """The result of a run once it has completed. Raises RunNotCompleted where it ended otherwise."""
        run = await self.wait(run_id)
        if run.state is not State.COMPLETED:
            raise RunNotCompleted(run)
        return None if run.result is None else json.decode(run.result)

    async def cancel(self, run_id: str) -> State:
        """Accept a cancel; answers the run's state: a running one is told to end. Raises NotFound."""
        return await self._door.cancel(run_id)

    async def put_message(self, type: str, payload: Any, *, key: str = "", dedupe_key: str | None = None) -> str:  # noqa: A002 - its name
        """Put a message for jobs to take; answers its id once it is on disk.

        Of messages of one type with the same `dedupe_key` the first stands, and its id is answered. Raises
        InvalidInput, PayloadTooLarge, and KeyReused for the key of another message.
        """
        (message_id,) = await self.put_messages(
            [{"type": type, "payload": payload, "key": key, "dedupe_key": dedupe_key}]
        )
        return message_id

    async def put_messages(self, messages: Sequence[Mapping[str, Any]]) -> list[str]:
        """Put messages, all or none, each `{type, payload, key, dedupe_key}`; answers their ids in order."""
        return await self._door.put_messages(read_requests([_plain(each) for each in messages]))

    async def get_message(self, message_id: str) -> MessageView:
        """A message as it stands. Raises NotFound."""
        return await self._door.get_message(message_id)

    async def find_messages(
        self,
        *,
        types: Sequence[str] = (),
        states: Sequence[MessageState] = (),
        before: str | None = None,
        limit: int = 100,
    ) -> list[MessageView]:
        """Messages, newest first, from the one put before the message `before` on."""
        return list(await self._door.find_messages(types=types, states=states, before=before, limit=limit))

    async def list_queue_messages(self, filters: QueueMessageFilter | None = None) -> list[QueueMessage]:
        """Messages that fit, newest first."""
        wanted = filters or QueueMessageFilter()
        found = await self.find_messages(types=wanted.types, states=wanted.states, limit=wanted.limit)
        return [to_queue_message(message) for message in found]

    async def retry_messages(self, message_ids: Sequence[str]) -> frozenset[str]:
        """Let messages that were set aside wait again; answers those that were."""
        return await self._door.retry_messages(message_ids)

    async def discard_messages(self, message_ids: Sequence[str]) -> frozenset[str]:
        """Remove messages that wait or were set aside; answers those that did or were."""
        return await self._door.discard_messages(message_ids)

    async def publish(
        self, name: str, data: Mapping[str, Any] | None = None, *, source: str = "", key: str | None = None
    ) -> int:
        """Publish an event; answers how many runs that waited for it go on.

        A `key` that came before with the same event names that of then. Raises InvalidInput, PayloadTooLarge, and
        KeyReused for the key of another event.
        """
        return await self._door.publish(name, data or {}, source=source, key=key)


def _plain(given: Any) -> Any:
    """A mapping of any kind as a dict; what is none is for `read` to refuse, which says where it stands."""
    return dict(given) if isinstance(given, Mapping) else given
