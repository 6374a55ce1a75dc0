"""The client for async code."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self, TypedDict, Unpack

import msgspec
from msgspec import Struct

from treadle.client.binding import Bound, bound
from treadle.client.queue_messages import QueueMessage, QueueMessageFilter, to_queue_message
from treadle.domain import json
from treadle.domain.dependencies import Join, OnParentFailure
from treadle.domain.errors import NotFound, TreadleError, moved
from treadle.domain.groups import GroupRequest, build_group
from treadle.domain.instants import Instant
from treadle.domain.jobs import Job
from treadle.domain.messages import Message, MessageState
from treadle.domain.posting import build_messages, read_requests
from treadle.domain.priority import Priority
from treadle.domain.publishing import user_event
from treadle.domain.runs import TERMINAL, Cause, NewRun, Run, RunKey, State
from treadle.domain.shapes import read
from treadle.domain.submitting import RunRequest, build_run, run_key
from treadle.engines.contract import Accepted, Engine, MessageQuery, Topic
from treadle.engines.definitions import JOB_KIND, to_job
from treadle.engines.open import open_engine
from treadle.engines.refusals import check_accepted, check_all_accepted, check_published
from treadle.settings import Settings, load_settings
from treadle.system import IdSource, SystemClock

_POLL_SECONDS: Final = 1.0


class RunNotCompleted(TreadleError):
    """A run whose result was asked for ended otherwise. `run` says how."""

    code = "run_not_completed"

    def __init__(self, run: Run) -> None:
        super().__init__(f"run {run.id} is {run.state}" + (f": {run.error.message}" if run.error else ""))
        self.run = run


class Group(Struct, frozen=True):
    """A group that was submitted: the id of the run that joins it, and those of its members in order."""

    run_id: str
    members: list[str]


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


class AsyncClient:
    """Submits runs to the installation that the settings name: `async with AsyncClient() as client: …`.

    Within the block it is bound to the context: handlers submit by it (`await send_report.enqueue(org="x")`).
    """

    def __init__(self, settings: Settings | None = None) -> None:
        """Settings come from the `TREADLE_…` variables unless given."""
        self._settings = load_settings(os.environ) if settings is None else settings
        self._new_id = IdSource(SystemClock())

    async def __aenter__(self) -> Self:
        self._engine: Engine = await open_engine(self._settings.engine_url, SystemClock())
        self._before = bound.get()
        bound.set(Bound(lambda: self, asyncio.get_running_loop()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        bound.set(self._before)
        await self._engine.close()

    @classmethod
    def over(cls, engine: Engine, settings: Settings) -> Self:
        """One that uses an engine which others have opened, and close. It is not to be entered."""
        client = cls(settings)
        client._engine = engine
        return client

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
            "inputs": None if inputs is None else dict(inputs),
            "priority": options.get("priority"),
            "delay_sec": options.get("delay"),
            "at": at.isoformat() if isinstance(at, datetime) else at,
            "scheduledFor": scheduled_for.isoformat() if isinstance(scheduled_for, datetime) else scheduled_for,
            "unique": dict(unique) if isinstance(unique, Mapping) else unique,
            "depends_on": depends_on if isinstance(depends_on, str | Mapping) else list(depends_on),
            "join": options.get("join"),
            "on_parent_failure": options.get("on_parent_failure"),
        }
        request = read(document, RunRequest)
        key, now = options.get("key"), self._engine.now()
        call_key = None if key is None else run_key(key, now, job_id, msgspec.to_builtins(request))
        new = self._build(await self._job(job_id), request, now, call_key)
        (accepted,) = await self._store([new], options.get("connection"))
        check_accepted(new, accepted)
        return accepted

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
        job = await self._job(job_id)
        now = self._engine.now()
        new = []
        for place, each in enumerate(inputs):
            with moved("/inputs", f"/inputs/{place}"):
                new.append(self._build(job, read({"inputs": dict(each), "priority": priority}, RunRequest), now))
        accepted = await self._store(new, connection, together=True)
        check_all_accepted(new, accepted)
        return [each.run_id for each in accepted]

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
            "inputs": [dict(each) for each in inputs],
            "then": then,
            "then_inputs": None if then_inputs is None else dict(then_inputs),
            "join": join,
            "on_parent_failure": on_parent_failure,
            "priority": priority,
        }
        new = build_group(
            read(document, GroupRequest),
            await self._job(job_id),
            await self._job(then),
            new_id=self._new_id,
            now=self._engine.now(),
            cause=Cause.CLIENT,
            key=key,
            max_inputs=self._settings.max_payload_bytes,
        )
        accepted = await self._store(new, connection, together=True)
        check_all_accepted(new, accepted)
        *members, last = (each.run_id for each in accepted)
        return Group(last, members)

    async def get(self, run_id: str) -> Run:
        """A run as it stands. Raises NotFound."""
        found = await self._engine.runs.get(self._settings.domain, [run_id])
        if not found:
            raise NotFound(f"there is no run {run_id}")
        return found[0]

    async def wait(self, run_id: str) -> Run:
        """The run once it has ended, however it did. To wait no longer than so long, use `asyncio.timeout`."""
        notices = self._engine.listen(Topic.EVENTS)
        try:
            while (run := await self.get(run_id)).state not in TERMINAL:
                await notices.wait(_POLL_SECONDS)
        finally:
            await notices.close()
        return run

    async def result(self, run_id: str) -> Any:
        """The result of a run once it has completed. Raises RunNotCompleted where it ended otherwise."""
        run = await self.wait(run_id)
        if run.state is not State.COMPLETED:
            raise RunNotCompleted(run)
        return None if run.result is None else json.decode(run.result)

    async def cancel(self, run_id: str) -> State:
        """Accept a cancel; answers the run's state: a running one is told to end. Raises NotFound."""
        states = await self._engine.runs.cancel(self._settings.domain, [run_id])
        if run_id not in states:
            raise NotFound(f"there is no run {run_id}")
        return states[run_id]

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
        new = build_messages(
            read_requests([dict(each) for each in messages]),
            domain=self._settings.domain,
            now=self._engine.now(),
            new_id=self._new_id,
            max_payload=self._settings.max_payload_bytes,
        )
        return [received.message_id for received in await self._engine.messages.put(new)]

    async def get_message(self, message_id: str) -> Message:
        """A message as it stands. Raises NotFound."""
        found = await self._engine.messages.get(self._settings.domain, [message_id])
        if not found:
            raise NotFound(f"there is no message {message_id}")
        return found[0]

    async def find_messages(
        self,
        *,
        types: Sequence[str] = (),
        states: Sequence[MessageState] = (),
        before: str | None = None,
        limit: int = 100,
    ) -> list[Message]:
        """Messages, newest first, from the one put before the message `before` on."""
        query = MessageQuery(
            domain=self._settings.domain, limit=limit, before=before, types=tuple(types), states=tuple(states)
        )
        return await self._engine.messages.find(query)

    async def list_queue_messages(self, filters: QueueMessageFilter | None = None) -> list[QueueMessage]:
        """Messages that fit, newest first."""
        wanted = filters or QueueMessageFilter()
        found = await self.find_messages(types=wanted.types, states=wanted.states, limit=wanted.limit)
        return [to_queue_message(message) for message in found]

    async def retry_messages(self, message_ids: Sequence[str]) -> frozenset[str]:
        """Let messages that were set aside wait again; answers those that were."""
        return await self._engine.messages.retry(self._settings.domain, message_ids)

    async def discard_messages(self, message_ids: Sequence[str]) -> frozenset[str]:
        """Remove messages that wait or were set aside; answers those that did or were."""
        return await self._engine.messages.discard(self._settings.domain, message_ids)

    async def publish(
        self, name: str, data: Mapping[str, Any] | None = None, *, source: str = "", key: str | None = None
    ) -> int:
        """Publish an event; answers how many runs that waited for it go on.

        A `key` that came before with the same event names that of then. Raises InvalidInput, PayloadTooLarge, and
        KeyReused for the key of another event.
        """
        now = self._engine.now()
        event = user_event(name, data or {}, domain=self._settings.domain, source=source, at=now)
        event_key = None if key is None else run_key(key, now, name, data or {}, source, scope="publish")
        published = await self._engine.events.publish(event, key=event_key)
        check_published(published)
        return published.woken

    async def _store(
        self, new: Sequence[NewRun], connection: object | None, *, together: bool = False
    ) -> list[Accepted]:
        if connection is None:
            return await self._engine.runs.enqueue(new, together=together)
        return await self._engine.runs.enqueue_within(connection, new, together=together)

    async def _job(self, job_id: str) -> Job:
        document = await self._engine.documents.get(self._settings.domain, JOB_KIND, job_id)
        if document is None:
            raise NotFound(f"there is no job {job_id}")
        return to_job(document)

    def _build(self, job: Job, request: RunRequest, now: Instant, key: RunKey | None = None) -> NewRun:
        return build_run(
            job,
            run_id=self._new_id("run"),
            now=now,
            cause=Cause.CLIENT,
            inputs=request.inputs,
            priority=request.wanted_priority(),
            unique=request.unique_rule(),
            due_at=request.due_at(now),
            depends=request.depends(),
            key=key,
            max_inputs=self._settings.max_payload_bytes,
        )
