"""How the runs that a run waited for ended, as its handler or program is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Raw, Struct

from treadle.domain import json
from treadle.domain.dependencies import Parent
from treadle.domain.json import Json
from treadle.domain.outcomes import RunError
from treadle.domain.runs import Claim


class ParentResult(Struct, frozen=True, kw_only=True):
    """How a parent ended: its state, with its result where it completed and its error where it did not.

    The state is None where it is no longer known; the result is None, too, where the parent is no longer kept.
    """

    state: str | None
    result: Any = None
    error: RunError | None = None


class ParentSource(Protocol):
    """Where the parents of a run are read, when they are asked for: results may be large, and many."""

    async def read(self, claim: Claim) -> Sequence[Parent]:
        """The parents of a run with their results."""
        ...

    def read_in_thread(self, claim: Claim) -> Sequence[Parent]:
        """The same, for a thread beside the event loop. Raises RuntimeError in the loop itself."""
        ...


class KnownParents:
    """Parents that are there already."""

    def __init__(self, parents: Sequence[Parent] = ()) -> None:
        self._parents = parents

    async def read(self, _claim: Claim) -> Sequence[Parent]:
        """See `ParentSource`."""
        return self._parents

    def read_in_thread(self, _claim: Claim) -> Sequence[Parent]:
        """See `ParentSource`."""
        return self._parents


def to_results(parents: Sequence[Parent]) -> dict[str, ParentResult]:
    """The results of parents by run id, in their order."""
    return {
        parent.id: ParentResult(
            state=parent.state,
            result=None if parent.result is None else json.decode(parent.result),
            error=parent.error,
        )
        for parent in parents
    }


def to_document(parents: Sequence[Parent]) -> Json:
    """The same as one JSON object, for programs."""
    return json.encode(
        {
            parent.id: {
                "state": parent.state,
                "result": None if parent.result is None else Raw(parent.result),
                "error": parent.error,
            }
            for parent in parents
        }
    )
