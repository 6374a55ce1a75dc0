"""The store of domains, as far as they share workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from treadle.domain.instants import Instant
from treadle.domain.sharing import Domain


class DomainStore(Protocol):
    """Domains, as far as they share workers: the only verbs that look at more than one."""

    async def find(self, *, names: Sequence[str] | None = None, after: str = "", limit: int = 200) -> list[Domain]:
        """Domains to which runs were submitted or that were given a weight, by name, from the first beyond `after`.

        `names` are the only ones asked for; unknown ones are left out.
        """
        ...

    async def weigh(self, name: str, weight: int, *, now: Instant | None = None) -> bool:
        """Give a domain its weight, with an event in it; False where it had it."""
        ...
