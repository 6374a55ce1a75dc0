"""What an isolated handler keeps: its process asks by a line, the worker carries it out and answers by a line."""

from __future__ import annotations

import threading
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import msgspec
from msgspec import Struct

from treadle.authoring.keeping import Changed
from treadle.domain.events import Event, NewEvent
from treadle.domain.json import Json
from treadle.domain.kv import Change, Entry, Scope
from treadle.domain.progress import Progress
from treadle.domain.runs import Claim
from treadle.domain.steps import RunStep
from treadle.domain.waits import EventWait

if TYPE_CHECKING:
    from treadle.executors.base import Execution

T = TypeVar("T")


class Record(Struct, frozen=True, tag=True):
    """See `Keeper.record`."""

    step: RunStep


class Find(Struct, frozen=True, tag=True):
    """See `Keeper.find_event`."""

    wait: EventWait
    answered: frozenset[int]


class Publish(Struct, frozen=True, tag=True):
    """See `Keeper.publish`."""

    event: NewEvent
    key: str


class Alter(Struct, frozen=True, tag=True):
    """See `Keeper.change`."""

    scope: Scope
    change: Change


class Value(Struct, frozen=True, tag=True):
    """See `Keeper.value`."""

    scope: Scope
    key: str


class Entries(Struct, frozen=True, tag=True):
    """See `Keeper.entries`."""

    scope: Scope


class Report(Struct, frozen=True, tag=True):
    """How far the run has come; not answered."""

    progress: Progress


Question: TypeAlias = Record | Find | Publish | Alter | Value | Entries | Report
Found: TypeAlias = tuple[Event | None, int]

QUESTION: Final = b"{"
"""Begins every question, and no other line that the process says."""

_questions: Final = msgspec.json.Decoder(Question)


class AskingKeeper:
    """See `Keeper`. One question at a time; in an event loop, a thread waits for the answer."""

    def __init__(self, line: IO[bytes], lock: threading.RLock) -> None:
        """`lock` is held while anything is written to `line`."""
        self._line = line
        self._lock = lock
        self._turn = threading.Lock()
        self._pending = bytearray()

    async def record(self, _claim: Claim, step: RunStep) -> bool:
        """See `Keeper`."""
        taken: bool = await self._ask(Record(step), bool)
        return taken

    async def find_event(self, _claim: Claim, wait: EventWait, answered: frozenset[int]) -> Found:
        """See `Keeper`."""
        found: Found = await self._ask(Find(wait, answered), Found)
        return found

    async def publish(self, event: NewEvent, key: str) -> None:
        """See `Keeper`."""
        await self._ask(Publish(event, key), type(None))

    async def change(self, _claim: Claim, scope: Scope, change: Change) -> Changed:
        """See `Keeper`."""
        changed: Changed = await self._ask(Alter(scope, change), Changed)
        return changed

    async def value(self, _claim: Claim, scope: Scope, key: str) -> Json | None:
        """See `Keeper`."""
        value: Json | None = await self._ask(Value(scope, key), bytes | None)
        return value

    async def entries(self, _claim: Claim, scope: Scope) -> list[Entry]:
        """See `Keeper`."""
        entries: list[Entry] = await self._ask(Entries(scope), list[Entry])
        return entries

    def report(self, progress: Progress) -> None:
        """See `RunningAttempt.report`; waits while the worker is slower."""
        self._say(msgspec.json.encode(Report(progress)) + b"\n")

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
            self._say(question)
            while b"\n" not in self._pending:
                data = self._line.read(64 * 1024)
                if not data:
                    raise ConnectionError("the worker of this process is gone")
                self._pending += data
            answer, _, rest = self._pending.partition(b"\n")
            self._pending = rest
            return bytes(answer)

    def _say(self, line: bytes) -> None:
        with self._lock:
            left = memoryview(line)
            while left:
                left = left[self._line.write(left) :]


async def answer(line: bytes, execution: Execution) -> bytes | None:
    """The worker's answer to a question, if it has one. Raises ValueError for what is none: user code can reach it."""
    question: Question = _questions.decode(line)
    if isinstance(question, Report):
        execution.report(question.progress)
        return None
    claim, keeper = execution.claim, execution.keeper
    assert keeper is not None  # noqa: S101 - there is one wherever handlers are called
    said: object = None
    match question:
        case Record():
            said = await keeper.record(claim, question.step)
        case Find():
            said = await keeper.find_event(claim, question.wait, question.answered)
        case Publish():
            await keeper.publish(question.event, question.key)
        case Alter():
            said = await keeper.change(claim, question.scope, question.change)
        case Value():
            said = await keeper.value(claim, question.scope, question.key)
        case Entries():
            said = await keeper.entries(claim, question.scope)
    return msgspec.json.encode(said) + b"\n"
