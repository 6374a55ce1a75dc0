"""Domains as they are answered."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from treadle.api.schemas.common import HasMore, NextCursor
from treadle.domain import sharing as domain


class Domain(Struct, frozen=True, kw_only=True):
    """A domain, and its part of the workers that serve several: the one with the least running per weight goes next."""

    name: Annotated[str, Meta(examples=["default"])]
    weight: int
    running: int
    waiting: Annotated[bool, Meta(description="Whether any of its runs is ready.")]


class DomainPage(Struct, frozen=True, kw_only=True):
    """Domains by name."""

    items: list[Domain]
    next_cursor: NextCursor
    has_more: HasMore


def to_domain(found: domain.Domain) -> Domain:
    """A domain as it is answered."""
    return Domain(name=found.name, weight=found.weight, running=found.running, waiting=found.waiting)
