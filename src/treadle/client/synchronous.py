"""The client for code without an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

from treadle.client.asynchronous import AsyncClient, RunOptions
from treadle.client.binding import Bound, bound, sync_only
from treadle.client.groups import Group
from treadle.client.portal import Portal
from treadle.client.queue_messages import QueueMessage, QueueMessageFilter
from treadle.client.remote.calls import Sync, Way
from treadle.client.remote.index import Nouns
from treadle.client.remote.sync import SyncWay
from treadle.domain.dependencies import Join, OnParentFailure
from treadle.domain.messages import MessageState, MessageView
from treadle.domain.priority import Priority
from treadle.domain.runs import RunView, State
from treadle.engines.contract import Accepted
from treadle.settings import Settings

T = TypeVar("T")


class Client(Nouns[Sync]):
    """`AsyncClient` for sync code, with the same words and nouns, run by one in another thread. Threads may share it.

    Within its block it is bound to the context: handlers submit by it (`send_report.sync.enqueue(org="x")`).
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
        """See `AsyncClient`."""
        self._client = AsyncClient(where, token=token, domain=domain, profile=profile, retries=retries)
        self._call = Portal("treadle-client")

    def __enter__(self) -> Self:
        self._call.open()
        try:
            self._call(self._client.__aenter__())
        except BaseException:
            self._call.close()
            raise
        self._before = bound.get()
        bound.set(Bound(lambda: self._client, self._call.loop))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        bound.set(self._before)
        self._call(self._client.__aexit__(kind, error, trace))
        self._call.close()

    @property
    def way(self) -> Way:
        """See `AsyncClient.way`."""
        return SyncWay(self._call, self._client.way)

    def enqueue(
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
        """See `AsyncClient.enqueue`. A connection is a sync one."""
        return self._call(
            self._client.enqueue(
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
                connection=sync_only(connection),
            )
        )

    def submit(self, job_id: str, inputs: Mapping[str, Any] | None = None, **options: Unpack[RunOptions]) -> Accepted:
        """See `AsyncClient.submit`. A connection is a sync one."""
        options["connection"] = sync_only(options.get("connection"))
        return self._call(self._client.submit(job_id, inputs, **options))

    def enqueue_many(
        self,
        job_id: str,
        inputs: Iterable[Mapping[str, Any]],
        *,
        priority: Priority | str | int | None = None,
        connection: object | None = None,
    ) -> list[str]:
        """See `AsyncClient.enqueue_many`."""
        return self._call(
            self._client.enqueue_many(job_id, inputs, priority=priority, connection=sync_only(connection))
        )

    def enqueue_group(
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
        """See `AsyncClient.enqueue_group`."""
        return self._call(
            self._client.enqueue_group(
                job_id,
                inputs,
                then=then,
                then_inputs=then_inputs,
                join=join,
                on_parent_failure=on_parent_failure,
                priority=priority,
                key=key,
                connection=sync_only(connection),
            )
        )

    def get(self, run_id: str) -> RunView:
        """See `AsyncClient.get`."""
        return self._call(self._client.get(run_id))

    def wait(self, run_id: str, timeout: float | None = None) -> RunView:
        """See `AsyncClient.wait`. Raises TimeoutError after `timeout` seconds."""
        return self._call(_within(self._client.wait(run_id), run_id, timeout))

    def result(self, run_id: str, timeout: float | None = None) -> Any:
        """See `AsyncClient.result`. Raises TimeoutError after `timeout` seconds."""
        return self._call(_within(self._client.result(run_id), run_id, timeout))

    def cancel(self, run_id: str) -> State:
        """See `AsyncClient.cancel`."""
        return self._call(self._client.cancel(run_id))

    def publish(
        self, name: str, data: Mapping[str, Any] | None = None, *, source: str = "", key: str | None = None
    ) -> int:
        """See `AsyncClient.publish`."""
        return self._call(self._client.publish(name, data, source=source, key=key))

    def put_message(self, type: str, payload: Any, *, key: str = "", dedupe_key: str | None = None) -> str:  # noqa: A002 - its name
        """See `AsyncClient.put_message`."""
        return self._call(self._client.put_message(type, payload, key=key, dedupe_key=dedupe_key))

    def put_messages(self, messages: Sequence[Mapping[str, Any]]) -> list[str]:
        """See `AsyncClient.put_messages`."""
        return self._call(self._client.put_messages(messages))

    def get_message(self, message_id: str) -> MessageView:
        """See `AsyncClient.get_message`."""
        return self._call(self._client.get_message(message_id))

    def find_messages(
        self,
        *,
        types: Sequence[str] = (),
        states: Sequence[MessageState] = (),
        before: str | None = None,
        limit: int = 100,
    ) -> list[MessageView]:
        """See `AsyncClient.find_messages`."""
        return self._call(self._client.find_messages(types=types, states=states, before=before, limit=limit))

    def list_queue_messages(self, filters: QueueMessageFilter | None = None) -> list[QueueMessage]:
        """See `AsyncClient.list_queue_messages`."""
        return self._call(self._client.list_queue_messages(filters))

    def retry_messages(self, message_ids: Sequence[str]) -> frozenset[str]:
        """See `AsyncClient.retry_messages`."""
        return self._call(self._client.retry_messages(message_ids))

    def discard_messages(self, message_ids: Sequence[str]) -> frozenset[str]:
        """See `AsyncClient.discard_messages`."""
        return self._call(self._client.discard_messages(message_ids))


async def _within(end: Awaitable[T], run_id: str, seconds: float | None) -> T:
    """What a run came to, where it does so within so many seconds."""
    try:
        async with asyncio.timeout(seconds) as limit:
            return await end
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise TimeoutError(f"{run_id} has not ended within {seconds:g} s, and goes on") from error
