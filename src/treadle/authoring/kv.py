"""Small durable values as a handler uses them: `ctx.kv` for its job, `ctx.state` for its run."""

from __future__ import annotations

from typing import Any

from treadle.authoring.steps import Steps, here
from treadle.domain import json
from treadle.domain.errors import InvalidInput
from treadle.domain.json import Json
from treadle.domain.kv import Add, Change, Drop, Put, Scope, check_key, check_number, encode_value
from treadle.domain.runs import Claim


class KeyValues:
    """Small values by key: JSON of 64 KiB at most each, 1000 keys of a job, 100 of a run. An async handler awaits them.

    A change is in force at once, whatever becomes of the attempt, and is done again where the handler is run again: a
    counter counts tries unless it is counted within a step. Once the run is no longer this worker's, nothing changes.
    """

    __slots__ = ("_claim", "_scope", "_steps")

    def __init__(self, steps: Steps, claim: Claim, scope: Scope) -> None:
        self._steps = steps
        self._claim = claim
        self._scope = scope

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, `default` where there is none."""
        return here(self._get(check_key(key), default))

    def set(self, key: str, value: Any) -> Any:
        """Give a key a value. Raises InvalidInput for what is no JSON, is too large, or is one key too many."""
        return here(self._change(Put(check_key(key), encode_value(key, value))))

    def incr(self, key: str, by: float = 1) -> Any:
        """Add to a number, from 0 where there is none, and answer the sum; no other change comes between.

        Raises InvalidInput where the value is no number.
        """
        return here(self._sum(Add(check_key(key), check_number(key, by))))

    def delete(self, key: str) -> Any:
        """Take a key away; one that is not there is no error."""
        return here(self._change(Drop(check_key(key))))

    def items(self) -> Any:
        """All values by key, as a dict."""
        return here(self._items())

    async def _get(self, key: str, default: Any) -> Any:
        value = await self._steps.keeper.value(self._claim, self._scope, key)
        return default if value is None else json.decode(value)

    async def _items(self) -> dict[str, Any]:
        entries = await self._steps.keeper.entries(self._claim, self._scope)
        return {entry.key: json.decode(entry.value) for entry in entries}

    async def _sum(self, change: Add) -> Any:
        return json.decode(await self._changed(change) or b"null")

    async def _change(self, change: Change) -> None:
        await self._changed(change)

    async def _changed(self, change: Change) -> Json | None:
        changed = await self._steps.keeper.change(self._claim, self._scope, change)
        if not changed.held:
            raise self._steps.let_go()
        if changed.refused:
            raise InvalidInput(changed.refused)
        return changed.value


class Telemetry:
    """What the run has told of itself: `ctx.state` as a whole."""

    __slots__ = ("_state",)

    def __init__(self, state: KeyValues) -> None:
        self._state = state

    def get_state(self) -> Any:
        """All that was set in `ctx.state`, by this attempt or one before, as a dict."""
        return self._state.items()
