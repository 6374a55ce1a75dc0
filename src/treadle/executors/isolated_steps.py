"""The steps of an isolated handler: its process asks by a line, the worker carries it out and answers by a line."""

from __future__ import annotations

import threading
from typing import IO, Any, Final, TypeAlias, TypeVar

import msgspec
from msgspec import Struct

from treadle.authoring.steps import StepKeeper
from treadle.domain.events import Event, NewEvent
from treadle.domain.runs import Claim
from treadle.domain.steps import RunStep
from treadle.domain.waits import EventWait

T = TypeVar("T")


class Record(Struct, frozen=True, tag=True):
    """See `StepKeeper.record`."""

    step: RunStep


class Find(Struct, frozen=True, tag=True):
    """See `StepKeeper.find_event`."""

    wait: EventWait
    answered: frozenset[int]


class Publish(Struct, frozen=True, tag=True):
    """See `StepKeeper.publish`."""

    event: NewEvent
    key: str


Question: TypeAlias = Record | Find | Publish
Found: TypeAlias = tuple[Event | None, int]

QUESTION: Final = b"{"
"""Begins every question, and no other line that the process says."""

_questions: Final = msgspec.json.Decoder(Question)


class AskingKeeper:
    """See `StepKeeper`. One question at a time; in an event loop, a thread waits for the answer."""

    def __init__(self, line: IO[bytes], lock: threading.RLock) -> None:
        """`lock` is held while anything is written to `line`."""
        self._line = line
        self._lock = lock
        self._turn = threading.Lock()
        self._pending = bytearray()

    async def record(self, _claim: Claim, step: RunStep) -> bool:
        """See `StepKeeper`."""
        taken: bool = await self._ask(Record(step), bool)
        return taken

    async def find_event(self, _claim: Claim, wait: EventWait, answered: frozenset[int]) -> Found:
        """See `StepKeeper`."""
        found: Found = await self._ask(Find(wait, answered), Found)
        return found

    async def publish(self, event: NewEvent, key: str) -> None:
        """See `StepKeeper`."""
        await self._ask(Publish(event, key), type(None))

    async def _ask(self, question: Question, answer: Any) -> Any:
        import asyncio  # the process of a sync handler has no other use for it

        data = msgspec.json.encode(question) + b"\n"
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return msgspec.json.decode(self._answer(data), type=answer)
        return msgspec.json.decode(await asyncio.to_thread(self._answer, data), type=answer)

    def _answer(self, question: bytes) -> bytes:
        with self._turn:
            with self._lock:
                left = memoryview(question)
                while left:
                    left = left[self._line.write(left) :]
            while b"\n" not in self._pending:
                data = self._line.read(64 * 1024)
                if not data:
                    raise ConnectionError("the worker of this process is gone")
                self._pending += data
            answer, _, rest = self._pending.partition(b"\n")
            self._pending = rest
            return bytes(answer)


async def answer(line: bytes, claim: Claim, keeper: StepKeeper) -> bytes:
    """The worker's answer to a question. Raises ValueError for what is none: user code can reach the line."""
    question: Question = _questions.decode(line)
    said: object = None
    match question:
        case Record():
            said = await keeper.record(claim, question.step)
        case Find():
            said = await keeper.find_event(claim, question.wait, question.answered)
        case Publish():
            await keeper.publish(question.event, question.key)
    return msgspec.json.encode(said) + b"\n"
