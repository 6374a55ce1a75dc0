"""Where a handler's steps and values are kept: the engine, however far it is from the code that asks."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from treadle.domain.events import Event, NewEvent
from treadle.domain.json import Json
from treadle.domain.kv import Change, Entry, Scope
from treadle.domain.runs import Claim
from treadle.domain.steps import RunStep
from treadle.domain.waits import EventWait


class Changed(Struct, frozen=True):
    """What a change came to: the value then, None for none; or why it was `refused`.

    `held` is false where the run is no longer this worker's: nothing was changed.
    """

    value: Json | None = None
    refused: str = ""
    held: bool = True


class Keeper(Protocol):
    """To be called from any thread; waits for an engine that is away. Values are those of the claim's job or run."""

    async def record(self, claim: Claim, step: RunStep) -> bool:
        """Keep a step; False where the run is no longer this worker's."""
        ...

    async def find_event(self, claim: Claim, wait: EventWait, answered: frozenset[int]) -> tuple[Event | None, int]:
        """The first event that answers a wait and is not `answered`; and the position up to which was looked."""
        ...

    async def publish(self, event: NewEvent, key: str) -> None:
        """Publish an event, once per key."""
        ...

    async def change(self, claim: Claim, scope: Scope, change: Change) -> Changed:
        """Change a value, while the run is this worker's."""
        ...

    async def value(self, claim: Claim, scope: Scope, key: str) -> Json | None:
        """A value."""
        ...

    async def entries(self, claim: Claim, scope: Scope) -> list[Entry]:
        """All values, by key."""
        ...
