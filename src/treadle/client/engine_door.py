"""The door of a client that has the database itself: no server need be in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import structs

from treadle.client.groups import Group
from treadle.domain.errors import InvalidInput, NotFound, PayloadTooLarge, moved
from treadle.domain.groups import GroupRequest, build_group
from treadle.domain.instants import Instant
from treadle.domain.jobs import Job
from treadle.domain.messages import Message, MessageState
from treadle.domain.posting import MessageRequest, build_messages
from treadle.domain.publishing import user_event
from treadle.domain.runs import TERMINAL, Cause, NewRun, Run, RunKey, State
from treadle.domain.submitting import RunRequest, build_run, run_key
from treadle.engines.carrying import carrying
from treadle.engines.contract import Accepted, Admission, Engine, MessageQuery, Topic
from treadle.engines.definitions import JOB_KIND, to_job
from treadle.engines.open import open_engine
from treadle.engines.refusals import check_accepted, check_all_accepted, check_published, check_transactions
from treadle.settings import Settings
from treadle.system import IdSource, SystemClock

_POLL_SECONDS: Final = 1.0
_MOST_KNOWN: Final = 512


class EngineDoor:
    """Straight to the engine, in the domain of the settings. See `Door`."""

    def __init__(self, settings: Settings, engine: Engine | None = None) -> None:
        """Opens the engine of the settings, unless it is given one, which others have opened."""
        self._settings = settings
        self._new_id = IdSource(SystemClock())
        self._known: dict[str, Job] = {}
        """Jobs as they were last read, which the engine compares with those that stand when a run of one is stored."""
        if engine is not None:
            self._engine: Engine = engine

    async def open(self) -> None:
        self._engine = await open_engine(self._settings.engine_url, SystemClock())

    async def close(self) -> None:
        await self._engine.close()

    async def submit(self, job_id: str, request: RunRequest, *, key: str | None, connection: object | None) -> Accepted:
        self._check(connection)
        now = self._engine.now()
        call_key = None if key is None else run_key(key, now, job_id, msgspec.to_builtins(request))
        known = self._known.get(job_id) if connection is None else None  # in a lent transaction it saves no trip
        if known is not None and (answer := await self._submit_known(known, request, now, call_key)) is not None:
            return answer
        new = self._build(await self._job(job_id), request, now, call_key)
        (accepted,) = await self._store([new], connection)
        check_accepted(new, accepted)
        return accepted

    async def submit_many(self, job_id: str, requests: Sequence[RunRequest], *, connection: object | None) -> list[str]:
        self._check(connection)
        job = await self._job(job_id)
        now = self._engine.now()
        new = []
        for place, request in enumerate(requests):
            with moved("/inputs", f"/inputs/{place}"):
                new.append(self._build(job, request, now))
        accepted = await self._store(new, connection, together=True)
        check_all_accepted(new, accepted)
        return [each.run_id for each in accepted]

    async def submit_group(self, request: GroupRequest, *, key: str | None, connection: object | None) -> Group:
        self._check(connection)
        new = build_group(
            request,
            await self._job(request.job_id),
            await self._job(request.then),
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
        found = await self._engine.runs.get(self._settings.domain, [run_id])
        if not found:
            raise NotFound(f"there is no run {run_id}")
        return found[0]

    async def wait(self, run_id: str) -> Run:
        notices = self._engine.listen(Topic.EVENTS)
        try:
            while (run := await self.get(run_id)).state not in TERMINAL:
                await notices.wait(_POLL_SECONDS)
        finally:
            await notices.close()
        return run

    async def cancel(self, run_id: str) -> State:
        states = await self._engine.runs.cancel(self._settings.domain, [run_id])
        if run_id not in states:
            raise NotFound(f"there is no run {run_id}")
        return states[run_id]

    async def put_messages(self, requests: Sequence[MessageRequest]) -> list[str]:
        new = build_messages(
            requests,
            domain=self._settings.domain,
            now=self._engine.now(),
            new_id=self._new_id,
            max_payload=self._settings.max_payload_bytes,
        )
        return [received.message_id for received in await self._engine.messages.put(new)]

    async def get_message(self, message_id: str) -> Message:
        found = await self._engine.messages.get(self._settings.domain, [message_id])
        if not found:
            raise NotFound(f"there is no message {message_id}")
        return found[0]

    async def find_messages(
        self, *, types: Sequence[str], states: Sequence[MessageState], before: str | None, limit: int
    ) -> Sequence[Message]:
        query = MessageQuery(
            domain=self._settings.domain, limit=limit, before=before, types=tuple(types), states=tuple(states)
        )
        return await self._engine.messages.find(query)

    async def retry_messages(self, message_ids: Sequence[str]) -> frozenset[str]:
        return await self._engine.messages.retry(self._settings.domain, message_ids)

    async def discard_messages(self, message_ids: Sequence[str]) -> frozenset[str]:
        return await self._engine.messages.discard(self._settings.domain, message_ids)

    async def publish(self, name: str, data: Mapping[str, Any], *, source: str, key: str | None) -> int:
        now = self._engine.now()
        event = user_event(name, data, domain=self._settings.domain, source=source, at=now)
        event_key = None if key is None else run_key(key, now, name, data, source, scope="publish")
        published = await self._engine.events.publish(event, key=event_key)
        check_published(published)
        return published.woken

    def _check(self, connection: object | None) -> None:
        """Before anything is looked up: without TREADLE_DATABASE_URL it would be where nothing is."""
        if connection is not None:
            check_transactions(self._engine)

    async def _store(
        self, new: Sequence[NewRun], connection: object | None, *, together: bool = False
    ) -> list[Accepted]:
        new = carrying(new)
        if connection is None:
            return await self._engine.runs.enqueue(new, together=together)
        return await self._engine.runs.enqueue_within(connection, new, together=together)

    async def _submit_known(self, job: Job, request: RunRequest, now: Instant, key: RunKey | None) -> Accepted | None:
        """Submit a run of a job as it was last read. None where it has to be read again, since it may have changed."""
        try:
            new = structs.replace(self._build(job, request, now, key), if_unchanged=True)
        except (InvalidInput, PayloadTooLarge):
            return None
        (accepted,) = await self._store([new], None)
        if accepted.admission is Admission.JOB_CHANGED:
            return None
        check_accepted(new, accepted)
        return accepted

    async def _job(self, job_id: str) -> Job:
        self._known.pop(job_id, None)
        document = await self._engine.documents.get(self._settings.domain, JOB_KIND, job_id)
        if document is None:
            raise NotFound(f"there is no job {job_id}")
        if len(self._known) >= _MOST_KNOWN:
            del self._known[next(iter(self._known))]  # the one that was read longest ago
        job = self._known[job_id] = to_job(document)
        return job

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
