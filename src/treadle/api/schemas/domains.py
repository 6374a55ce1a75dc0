"""Domains as they are answered."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from treadle.api.schemas.common import HasMore, NextCursor
from treadle.domain.domains import DomainState, RuledDomain


class Domain(Struct, frozen=True, kw_only=True):
    """A domain, and its part of the workers that serve several: the one with the least running per weight goes next."""

    name: Annotated[str, Meta(examples=["default"])]
    title: str
    status: Annotated[DomainState, Meta(description="A disabled one is closed to its callers.")]
    weight: int
    running: int
    waiting: Annotated[bool, Meta(description="Whether any of its runs is ready.")]


class DomainPage(Struct, frozen=True, kw_only=True):
    """Domains by name."""

    items: list[Domain]
    next_cursor: NextCursor
    has_more: HasMore


def to_domain(found: RuledDomain) -> Domain:
    """A domain as it is answered."""
    use, rule = found.use, found.rule
    return Domain(
        name=use.name, title=rule.title, status=rule.state, weight=use.weight, running=use.running, waiting=use.waiting
    )
