"""JSON as it is stored and carried: text in bytes, read once and only by whoever needs its content."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

Json: TypeAlias = bytes
"""One JSON value as UTF-8 text."""

EMPTY_OBJECT: Json = b"{}"

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


def encode(value: object) -> Json:
    """A value as JSON. Raises TypeError for what JSON cannot hold. Not-a-number and infinity become null."""
    return _encoder.encode(value)


def decode(text: Json) -> Any:
    """The value of a JSON text that Treadle wrote itself."""
    return _decoder.decode(text)
