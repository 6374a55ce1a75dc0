"""Domains: how they share the workers that serve several."""

from __future__ import annotations

from treadle.domain.errors import Forbidden, InvalidInput, NotFound, Problem
from treadle.domain.jobs.records import MAX_DOMAIN_NAME, is_name
from treadle.domain.sharing import Domain, DomainSettings
from treadle.engines.contract import Engine
from treadle.services.paging import Page, decode_cursor, encode_cursor


class Domains:
    """The use cases of domains. A domain is there once a run was submitted to it, or a weight was set."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def page(self, bound: str | None, *, limit: int, cursor: str | None = None) -> Page[Domain]:
        """Domains by name; the one alone to which the caller is bound."""
        after = "" if cursor is None else decode_cursor(cursor, "domains")
        names = None if bound is None else [bound]
        found = await self._engine.domains.find(names=names, after=after, limit=limit + 1)
        more = len(found) > limit
        found = found[:limit]
        return Page(found, encode_cursor(found[-1].name, "domains") if more else None)

    async def get(self, name: str, bound: str | None) -> Domain:
        """One domain. Raises NotFound, also for another than the one to which the caller is bound."""
        found = [] if bound not in (None, name) else await self._engine.domains.find(names=[name])
        if not found:
            raise NotFound(f"there is no domain {name}: nothing was ever submitted to it, and no weight set")
        return found[0]

    async def set(self, name: str, settings: DomainSettings, bound: str | None) -> Domain:
        """Give a domain its settings. Raises InvalidInput, and Forbidden where the caller is bound to any domain.

        What one gets of shared workers is taken from the others: no domain rules over that.
        """
        if bound is not None:
            raise Forbidden(f"weights are between domains: a caller bound to {bound} cannot set them")
        if not is_name(name, MAX_DOMAIN_NAME):
            message = f"{name!r:.40} can be no domain's name: letters, digits, '.', '_', '-' and ':'"
            raise InvalidInput([Problem("/path/name", message)])
        await self._engine.domains.weigh(name, settings.weight)
        found = await self._engine.domains.find(names=[name])
        return found[0] if found else Domain(name=name)
