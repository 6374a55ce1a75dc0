"""Routes of a noun."""

from __future__ import annotations

from functools import cached_property

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope


class NounRouter(APIRouter):
    """Tells by how a path begins that none of its routes is meant.

    A request would else be tried against the patterns of a hundred routes, one by one.
    """

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        return frozenset(_beginning(route.path) for route in self.routes if isinstance(route, APIRoute))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """See starlette's routes."""
        if _beginning(scope["path"]) not in self._beginnings:
            return Match.NONE, {}
        return super().matches(scope)


def _beginning(path: str) -> str:
    return path.split("/", 2)[1]
