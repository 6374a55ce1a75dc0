"""The store of lanes and rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import UNSET, UnsetType

from treadle.domain.instants import Instant
from treadle.domain.limits import LaneUse, RateUse


class LaneStore(Protocol):
    """Limits on what may be active at once, and how often runs may start."""

    async def find(self, domain: str, *, after: str = "", limit: int = 200) -> list[LaneUse]:
        """Lanes by key, from the first beyond `after`."""
        ...

    async def get(self, domain: str, keys: Sequence[str]) -> list[LaneUse]:
        """Lanes by key; unknown ones are left out."""
        ...

    async def rates(self, domain: str, keys: Sequence[str]) -> list[RateUse]:
        """Rates by key; unknown ones are left out."""
        ...

    async def set_limit(
        self,
        domain: str,
        key: str,
        limit: int | None,
        *,
        seen: int | UnsetType | None = UNSET,
        now: Instant | None = None,
    ) -> bool:
        """Set a limit by hand, which goes before what jobs declare; None leaves it to the jobs again.

        In force at once: who may pass now does, and who is ready beyond it no longer is. False where None was said of
        a lane that is not there. Raises StaleVersion where another limit by hand stands than the one that was `seen`.
        """
        ...

    async def tend(self, limit: int, *, now: Instant | None = None) -> int:
        """The net under every admission: look through up to `limit` gates before which runs wait, going on each time
        where the last call ended, and let pass who may. Answers how many passed.
        """
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Forget up to `limit` lanes and rates that were made from the inputs of runs and are idle; answers how many.

        Idle is what nobody holds or waits for: a lane unless its limit was set by hand, a rate once all its tokens had
        come back before that moment. A run that comes to its gates later puts its limits down anew.
        """
        ...

    async def step_aside(self, limit: int, *, now: Instant | None = None) -> int:
        """Let no lane be held up by a line that is shut: its queue paused, or no online worker able to take from it.

        Where others wait, a shut line's runs that are ready give their slots back, and those that wait go out of the
        way; once it is open again, they come to their gates anew. A part at a time: answers how many moved, at most
        about `limit`; where that is reached there may be more.
        """
        ...
