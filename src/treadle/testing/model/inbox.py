"""The model's inbox."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from treadle.domain.errors import KeyReused
from treadle.domain.instants import Instant
from treadle.domain.messages import (
    LOOK_AHEAD,
    Intake,
    Message,
    MessageState,
    NewMessage,
    pick,
    received_event,
    retry_message,
)
from treadle.domain.runs import Claim, NewRun, State
from treadle.engines.contract import Admission, Consumer, MessageQuery, Received, Topic
from treadle.system import Clock
from treadle.testing.model.enqueuing import enqueue
from treadle.testing.model.state import Data


class ModelMessages:
    """See `contract.MessageStore`."""

    def __init__(self, data: Data, clock: Clock) -> None:
        self._data = data
        self._clock = clock

    async def put(self, messages: Sequence[NewMessage], *, now: Instant | None = None) -> list[Received]:
        data, before = self._data, dict(self._data.keys)
        answers = []
        for new in messages:
            first = None if new.once is None else data.named(new.domain, new.once, self._wall(now))
            if first is not None and first.admission is Admission.KEY_REUSED:
                data.keys = before
                raise KeyReused("this key came before with another message")
            if first is None and new.once is not None:
                data.keys[new.domain, new.once.scope, new.once.key] = (new.id, new.once)
            answers.append(Received(first.run_id, first.admission) if first else Received(new.id, Admission.CREATED))
        stored = [new for new, answer in zip(messages, answers, strict=True) if answer.admission is Admission.CREATED]
        for new in stored:
            data.messages[new.id] = _first(new)
        if stored:
            data.write(received_event(stored, self._wall(now)))
        data.wake([Topic.MESSAGES, Topic.EVENTS])
        return answers

    async def take(self, holder: Claim, intake: Intake) -> list[Message]:
        entry = self._data.live.get(holder.id)
        if entry is None or entry.run.state is not State.RUNNING or entry.run.token != holder.token:
            return []
        leased = self._in_state(MessageState.LEASED)
        held = [message for message in leased if message.run_id == holder.id]
        if held:
            return held
        line = (holder.domain, intake.type)
        waiting = [
            message for message in self._in_state(MessageState.PENDING) if (message.domain, message.type) == line
        ]
        busy = {message.key for message in leased if (message.domain, message.type) == line}
        taken = [
            structs.replace(
                message,
                state=MessageState.LEASED,
                run_id=holder.id,
                token=holder.token,
                max_attempts=intake.max_attempts,
            )
            for message in pick(waiting[:LOOK_AHEAD], busy, intake)
        ]
        self._data.messages.update({message.id: message for message in taken})
        return taken

    async def get(self, domain: str, message_ids: Sequence[str]) -> list[Message]:
        found = sorted(self._data.messages.items())
        return [message for message_id, message in found if message.domain == domain and message_id in message_ids]

    async def find(self, query: MessageQuery) -> list[Message]:
        found = [message for message in self._data.messages.values() if _matches(message, query)]
        return sorted(found, key=lambda message: message.id, reverse=True)[: query.limit]

    async def retry(self, domain: str, message_ids: Sequence[str]) -> frozenset[str]:
        poison = [each for each in await self.get(domain, message_ids) if each.state is MessageState.POISON]
        self._data.messages.update({message.id: retry_message(message) for message in poison})
        self._data.wake([Topic.MESSAGES])
        return frozenset(message.id for message in poison)

    async def discard(self, domain: str, message_ids: Sequence[str]) -> frozenset[str]:
        idle = (MessageState.PENDING, MessageState.POISON)
        gone = frozenset(each.id for each in await self.get(domain, message_ids) if each.state in idle)
        for message_id in gone:
            del self._data.messages[message_id]
        return gone

    async def awaited(self, limit: int) -> list[Consumer]:
        names = sorted((domain, name, type_) for (domain, _, name), type_ in self._data.consumers.items())
        return [Consumer(*name) for name in names if self._is_awaited(*name)][:limit]

    async def start(self, runs: Sequence[NewRun], *, now: Instant | None = None) -> list[bool]:
        answers = []
        for run in runs:
            mine = [name for name in await self.awaited(len(self._data.consumers)) if name.job_id == run.job_id]
            answers.append(any(consumer.domain == run.domain for consumer in mine))
            if answers[-1]:
                (accepted,) = enqueue(self._data, [run], self._wall(now))
                answers[-1] = accepted.admission is Admission.CREATED
        self._data.wake([Topic.RUNS, Topic.EVENTS])
        return answers

    async def prune(self, before: Instant, limit: int) -> int:
        settled = [(message.settled_at, message.id) for message in self._data.messages.values()]
        old = sorted((at, message_id) for at, message_id in settled if at is not None and at < before)[:limit]
        for _, message_id in old:
            del self._data.messages[message_id]
        return len(old)

    def _in_state(self, state: MessageState) -> list[Message]:
        return [message for message in self._data.messages.values() if message.state is state]

    def _is_awaited(self, domain: str, job_id: str, type_: str) -> bool:
        pending = self._in_state(MessageState.PENDING)
        live = [entry.run for entry in self._data.live.values()]
        return any((message.domain, message.type) == (domain, type_) for message in pending) and not any(
            (run.domain, run.job_id) == (domain, job_id) for run in live
        )

    def _wall(self, now: Instant | None) -> Instant:
        return self._clock.wall() if now is None else now


def _first(new: NewMessage) -> Message:
    submitted = structs.asdict(new)
    del submitted["once"]
    return Message(**submitted)


def _matches(message: Message, query: MessageQuery) -> bool:
    return (
        message.domain == query.domain
        and (query.before is None or message.id < query.before)
        and (not query.types or message.type in query.types)
        and (not query.states or message.state in query.states)
    )
