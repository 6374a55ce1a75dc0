"""Carries out what is to be done to selections of runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from treadle.engines.contract import Engine
from treadle.services.bulk_actions import prepare

POLL_SECONDS: Final = 1.0
"""How long an action may lie where its notice is lost."""

_ACTIONS: Final = 100
_BREATH_SECONDS: Final = 0.005
"""The engine is others' too."""


class BulkActions:
    """Does one part of each action at a time. Any number may do so: a part is done by one of them, in one transaction
    with the move beyond it, so that nothing is done twice or left out wherever they are killed."""

    def __init__(self, engine: Engine, new_id: Callable[[str], str]) -> None:
        self._engine = engine
        self._new_id = new_id

    async def __call__(self) -> float:
        """Do the next part of each; answers the seconds until the next time."""
        actions = await self._engine.bulk_actions.unfinished(_ACTIONS)
        for action in actions:
            await self._engine.bulk_actions.advance(await prepare(self._engine, action, self._new_id))
        return _BREATH_SECONDS if actions else POLL_SECONDS
