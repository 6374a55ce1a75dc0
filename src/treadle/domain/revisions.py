"""Revisions: what tells one state of a thing from another where it has no version."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from treadle.domain.errors import StaleVersion

_DIGITS: Final = 16

_canonical: Final = msgspec.json.Encoder(order="deterministic")


def revision(*content: object) -> str:
    """The revision of what can be edited of a thing: 16 hexadecimal digits."""
    return hashlib.sha256(_canonical.encode(content)).hexdigest()[:_DIGITS]


def check_revision(what: str, stands: str, expected: str | None) -> None:
    """Raises StaleVersion where a thing is not in the state that the caller has read; None is any."""
    if expected is not None and expected != stands:
        raise StaleVersion(f"{what} was changed since it was read: read it again", stands)
