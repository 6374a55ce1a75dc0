"""The messages that an attempt has taken, and what its handler says of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from treadle.domain import json
from treadle.domain.errors import InvalidInput
from treadle.domain.instants import to_datetime
from treadle.domain.logs import clean
from treadle.domain.messages import Judgement, Message, Verdict, held_back
from treadle.domain.outcomes import RunError

MAX_MESSAGE: Final = 4_000
"""Characters of an error's message that are kept."""


class TakenMessage(Struct, frozen=True, kw_only=True):
    """A message as a handler sees it: `payload` is the JSON value that was put, `attempt` counts its tries from 1."""

    id: str
    type: str
    key: str
    payload: Any
    attempt: int
    created_at: datetime


class Inbox:
    """The batch of one attempt.

    What is said here is applied when the run is settled. Of messages of which nothing is said the run decides: its
    success processes them, anything else gives them back. May be used from any thread.
    """

    def __init__(self, batch: Sequence[Message], *, preserve_order: bool) -> None:
        self.preserve_order = preserve_order
        self._batch = {message.id: message for message in batch}
        self._said: dict[str, Verdict] = {}

    def __len__(self) -> int:
        return len(self._batch)

    @property
    def batch(self) -> tuple[Message, ...]:
        """All messages of the batch."""
        return tuple(self._batch.values())

    def take(self) -> Iterator[TakenMessage]:
        """The messages of the batch, in the order in which they were put.

        Where the job preserves their order, one is left out once an earlier one of its key was said to have failed: it
        is given back, and comes after that one.
        """
        for message in self._batch.values():
            if message.id not in self._held_back():
                yield _taken(message)

    def done(self, message: TakenMessage) -> None:
        """Say that a message is processed, whatever becomes of the run.

        Raises InvalidInput for a message of another batch.
        """
        self._say(message, Judgement.DONE)

    def fail(self, message: TakenMessage, error: object) -> None:
        """Say that a message was not processed, and why: it is tried again until its attempts are spent.

        The run may succeed all the same. Raises InvalidInput for a message of another batch.
        """
        kind = type(error).__qualname__ if isinstance(error, BaseException) else ""
        self._say(message, Judgement.FAILED, RunError("message", clean(str(error))[:MAX_MESSAGE] or kind, kind))

    def verdicts(self) -> tuple[Verdict, ...]:
        """What the engine is told with the run's end."""
        back = (Verdict(message_id, Judgement.BACK) for message_id in self._held_back() - self._said.keys())
        return (*self._said.values(), *back)

    def adopt(self, verdicts: Sequence[Verdict]) -> None:
        """Take over what another process has said of the same batch."""
        self._said.update((said.message_id, said) for said in verdicts)

    def _say(self, message: TakenMessage, judgement: Judgement, error: RunError | None = None) -> None:
        if message.id not in self._batch:
            raise InvalidInput(f"message {message.id} is not in the batch of this run")
        self._said[message.id] = Verdict(message.id, judgement, error)

    def _held_back(self) -> set[str]:
        if not self.preserve_order:
            return set()
        failed = {said.message_id for said in list(self._said.values()) if said.judgement is Judgement.FAILED}
        return held_back(self._batch.values(), failed) if failed else set()


def _taken(message: Message) -> TakenMessage:
    return TakenMessage(
        id=message.id,
        type=message.type,
        key=message.key,
        payload=json.decode(message.payload),
        attempt=message.attempts + 1,
        created_at=to_datetime(message.created_at),
    )
