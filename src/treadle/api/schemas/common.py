"""What several nouns share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from treadle.domain.instants import Instant, to_datetime
from treadle.domain.json import Json

NULL: Json = b"null"

NextCursor: TypeAlias = Annotated[str | None, Meta(description="Hand it back as `cursor`; null on the last page.")]
HasMore: TypeAlias = Annotated[bool, Meta(description="Whether there is a next page.")]
AnyJson: TypeAlias = Annotated[msgspec.Raw, Meta(description="Any JSON value.")]
JsonObject: TypeAlias = Annotated[msgspec.Raw, Meta(extra_json_schema={"type": "object"})]


def moment(instant: Instant | None) -> datetime | None:
    """An instant as it is written: RFC 3339 in UTC."""
    return None if instant is None else to_datetime(instant)


def raw(text: Json | None) -> msgspec.Raw:
    """JSON that is put into an answer as it is."""
    return msgspec.Raw(NULL if text is None else text)
