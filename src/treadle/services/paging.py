"""Pages and their cursors.

A cursor says where the next page begins and for which question it was made: used with other filters it would silently
leave things out, so it is refused. Its check is no secret: a cursor reveals and allows nothing.
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final, Generic, TypeVar

import msgspec
from msgspec import Struct

from treadle.domain.errors import InvalidInput, Problem

Item = TypeVar("Item")

MAX_LIMIT: Final = 200
DEFAULT_LIMIT: Final = 50
_CHECK_BYTES: Final = 12

_canonical: Final = msgspec.json.Encoder(order="deterministic")


class Page(Struct, Generic[Item], frozen=True):
    """One page of a list; `next_cursor` is None on the last."""

    items: list[Item]
    next_cursor: str | None


def encode_cursor(position: str, question: object) -> str:
    """A cursor for what comes after `position` among the answers to `question` (any JSON value, filters and sort)."""
    return urlsafe_b64encode(_check(position, question) + position.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, question: object) -> str:
    """The position of a cursor. Raises InvalidInput where it is none, or was made for another question."""
    try:
        data = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        position = data[_CHECK_BYTES:].decode()
    except (binascii.Error, ValueError):
        raise _refused("is no cursor of this server") from None
    if data[:_CHECK_BYTES] != _check(position, question):
        raise _refused("was not made for these filters: begin without a cursor")
    return position


def _check(position: str, question: object) -> bytes:
    return hashlib.sha256(_canonical.encode((position, question))).digest()[:_CHECK_BYTES]


def _refused(message: str) -> InvalidInput:
    return InvalidInput([Problem("/query/cursor", message)])
