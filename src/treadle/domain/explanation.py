"""What is answered to the question why a run is where it is."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from treadle.domain.instants import Instant


class Explanation(Struct, frozen=True, kw_only=True):
    """`code` is stable and for programs, `message` for people; `details` is what the message was made from.

    `expected_start` is when the run may start as far as anything is known about it, else None.
    """

    code: str
    message: str
    details: dict[str, Any] = {}
    expected_start: Instant | None = None
