"""Groups as they are submitted."""

from __future__ import annotations

from msgspec import Struct


class Group(Struct, frozen=True):
    """A group that was submitted: the id of the run that joins it, and those of its members in order."""

    run_id: str
    members: list[str]
