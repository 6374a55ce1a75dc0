"""Messages: what is put into an inbox by its type, and taken by runs in batches, each message to be processed once.

A message is leased to a run's fence (its id and token): it stays so exactly as long as that run runs under that token,
and what becomes of it is decided in the transaction that settles the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from enum import StrEnum
from itertools import takewhile
from typing import Annotated, Final, Protocol, TypeVar

from msgspec import Meta, Struct
from msgspec.structs import replace

from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.json import Json, encode
from treadle.domain.outcomes import RunError
from treadle.domain.runs import DEFAULT_DOMAIN, RunKey

LOOK_AHEAD: Final = 1_000
"""How many waiting messages are looked at for a batch: those of keys that are busy are passed over."""

MAX_BATCH: Final = LOOK_AHEAD
DEFAULT_BATCH: Final = 10
MAX_BATCH_BYTES: Final = 8 * 1024 * 1024
"""Of payloads in one batch; one message is taken whatever its size."""

MAX_ATTEMPTS: Final = 1_000
RECEIVED_EVENT: Final = "message.received"
SET_ASIDE_EVENT: Final = "message.set_aside"


class MessageState(StrEnum):
    """The states of a message. One that is processed stays so; a poison one is set aside until somebody looks."""

    PENDING = "pending"
    LEASED = "leased"
    PROCESSED = "processed"
    POISON = "poison"


class NewMessage(Struct, frozen=True, kw_only=True):
    """A message as it is put. `key` orders it among those of its type and key, "" is none of these.

    `once` names the message: where it came before, that message stands and this one is not stored.
    """

    id: str
    domain: str = DEFAULT_DOMAIN
    type: str
    key: str = ""
    payload: Json
    created_at: Instant
    once: RunKey | None = None


class MessageView(Struct, frozen=True, kw_only=True):
    """A message as it stands. `attempts` counts its tries; where the last of `max_attempts` fails, it is poison.

    `run_id` names the run that has it, or had it last. `settled_at` is when it was processed or set aside.
    """

    id: str
    type: str
    key: str
    payload: Json
    created_at: Instant
    state: MessageState = MessageState.PENDING
    attempts: int = 0
    max_attempts: int | None = None
    error: RunError | None = None
    run_id: str | None = None
    settled_at: Instant | None = None


class Message(MessageView, frozen=True, kw_only=True):
    """A message as an engine keeps it; `token` is the fence under which its run has it, or had it last."""

    domain: str
    token: int | None = None

    @property
    def size(self) -> int:
        """Bytes of the payload."""
        return len(self.payload)


class Intake(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which messages a job's runs take, and how many at once.

    With `preserve_order` messages of one key are in the hands of one run at a time, in the order in which they were
    put. `trigger` starts a run where messages wait and no run of the job is live.
    """

    type: str
    batch_size: Annotated[int, Meta(ge=1, le=MAX_BATCH)] = DEFAULT_BATCH
    max_attempts: Annotated[int, Meta(ge=1, le=MAX_ATTEMPTS)] = 3
    preserve_order: bool = False
    trigger: bool = False


class Judgement(StrEnum):
    """What a run comes to for a message: it is processed; a try has failed; or none was made."""

    DONE = "done"
    FAILED = "failed"
    BACK = "back"


class Verdict(Struct, frozen=True):
    """What a handler said of one message of its batch; it stands whatever becomes of the run."""

    message_id: str
    judgement: Judgement
    error: RunError | None = None


class Waiting(Protocol):
    """A waiting message as far as taking looks at it."""

    @property
    def key(self) -> str: ...
    @property
    def attempts(self) -> int: ...
    @property
    def size(self) -> int: ...


AnyWaiting = TypeVar("AnyWaiting", bound=Waiting)


def pick(waiting: Sequence[AnyWaiting], busy: Container[str], intake: Intake) -> list[AnyWaiting]:
    """The batch out of the first waiting messages, in their order. `busy` are the keys of leased messages.

    One that was tried before is taken alone: where a batch fails as a whole, the poison in it is found so, and what was
    beside it is not set aside with it.
    """
    free = [one for one in waiting if not (intake.preserve_order and one.key and one.key in busy)]
    if free and free[0].attempts:
        return free[:1]
    batch = list(takewhile(lambda one: not one.attempts, free))[: intake.batch_size]
    size = 0
    for position, one in enumerate(batch):
        size += one.size
        if position and size > MAX_BATCH_BYTES:
            return batch[:position]
    return batch


def settle_message(message: Message, verdict: Verdict, at: Instant) -> Message:
    """What becomes of a leased message."""
    judgement, error = verdict.judgement, verdict.error
    if judgement is Judgement.BACK:
        return replace(message, state=MessageState.PENDING)
    attempts = message.attempts + 1
    if judgement is Judgement.DONE:
        return replace(message, state=MessageState.PROCESSED, attempts=attempts, error=None, settled_at=at)
    kept = None if error is None else replace(error, traceback="")
    if message.max_attempts is not None and attempts >= message.max_attempts:
        return replace(message, state=MessageState.POISON, attempts=attempts, error=kept, settled_at=at)
    return replace(message, state=MessageState.PENDING, attempts=attempts, error=kept)


def received_event(messages: Sequence[NewMessage], at: Instant) -> NewEvent:
    """The one event of messages that were put together: how many there are of each type."""
    counts = Counter(message.type for message in messages)
    first = messages[0]
    return NewEvent(domain=first.domain, type=RECEIVED_EVENT, subject=first.id, at=at, data=encode({"types": counts}))


def set_aside_event(message: Message, at: Instant) -> NewEvent:
    """What tells that a message is poison."""
    return NewEvent(domain=message.domain, type=SET_ASIDE_EVENT, subject=message.id, at=at)


def retry_message(message: Message) -> Message:
    """A poison message in its old place, with all its attempts before it."""
    return replace(message, state=MessageState.PENDING, attempts=0, error=None, settled_at=None)


def held_back(batch: Iterable[Message], failed: Container[str]) -> set[str]:
    """The ids of messages in a batch that may not overtake an earlier one of their key, since that one failed."""
    keys: set[str] = set()
    back: set[str] = set()
    for message in batch:
        if message.key and message.key in keys:
            back.add(message.id)
        elif message.id in failed:
            keys.add(message.key)
    return back
