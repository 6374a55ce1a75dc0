"""Domains: how they share the workers that serve several."""

from __future__ import annotations

from treadle.domain.errors import InvalidInput, NotFound, Problem
from treadle.domain.jobs.records import MAX_DOMAIN_NAME, is_name
from treadle.domain.sharing import Domain, DomainSettings
from treadle.engines.contract import Engine
from treadle.services.paging import Page, decode_cursor, encode_cursor


class Domains:
    """The use cases of domains. A domain is there once a run was submitted to it, or a weight was set."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def page(self, *, limit: int, cursor: str | None = None) -> Page[Domain]:
        """Domains by name."""
        after = "" if cursor is None else decode_cursor(cursor, "domains")
        found = await self._engine.domains.find(after=after, limit=limit + 1)
        more = len(found) > limit
        found = found[:limit]
        return Page(found, encode_cursor(found[-1].name, "domains") if more else None)

    async def get(self, name: str) -> Domain:
        """One domain. Raises NotFound."""
        found = await self._engine.domains.find(names=[name])
        if not found:
            raise NotFound(f"there is no domain {name}: nothing was ever submitted to it, and no weight set")
        return found[0]

    async def set(self, name: str, settings: DomainSettings) -> Domain:
        """Give a domain its settings. Raises InvalidInput."""
        if not is_name(name, MAX_DOMAIN_NAME):
            message = f"{name!r:.40} can be no domain's name: letters, digits, '.', '_', '-' and ':'"
            raise InvalidInput([Problem("/path/name", message)])
        await self._engine.domains.weigh(name, settings.weight)
        found = await self._engine.domains.find(names=[name])
        return found[0] if found else Domain(name=name)
