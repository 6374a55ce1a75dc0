"""What every error looks like (RFC 9457)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class Fault(Struct, frozen=True, kw_only=True):
    """One fault in an input."""

    pointer: Annotated[str, Meta(description="A JSON pointer into the body; `/query/NAME` for a parameter.")]
    message: str
    code: str


class Problem(Struct, frozen=True, kw_only=True):
    """An error. `code` is stable and for programs."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[Fault]
    trace_id: Annotated[str, Meta(description="Names this call in the server's log.")]
