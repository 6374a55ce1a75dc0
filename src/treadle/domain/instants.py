"""Points in time as integers: microseconds since the Unix epoch, UTC.

Integers compare, sort, store and travel the same everywhere (SQLite, PostgreSQL, Lua, JSON); datetimes appear only
where a calendar is needed (triggers) and at the edges where people read.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

Instant: TypeAlias = int
"""Microseconds since 1970-01-01T00:00:00Z."""

Micros: TypeAlias = int
"""A length of time in microseconds."""

MILLISECOND: Final[Micros] = 1_000
SECOND: Final[Micros] = 1_000_000
MINUTE: Final[Micros] = 60 * SECOND
HOUR: Final[Micros] = 60 * MINUTE
DAY: Final[Micros] = 24 * HOUR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ONE: Final = timedelta(microseconds=1)

FIRST: Final[Instant] = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _ONE
LAST: Final[Instant] = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _ONE
"""Before the first and after the last there is no datetime in UTC: such a moment could be kept, but never shown."""


def from_seconds(seconds: float) -> Micros:
    """A length given in seconds, as whole microseconds."""
    return round(seconds * SECOND)


def to_seconds(micros: Micros) -> float:
    """A length given in microseconds, in seconds."""
    return micros / SECOND


def from_datetime(moment: datetime) -> Instant:
    """An aware datetime as an instant. Raises ValueError for a naive one, whose zone would be a guess, and for one that
    lies outside the years 1 to 9999 once it is told in UTC."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    instant = (moment - _EPOCH) // _ONE
    if not FIRST <= instant <= LAST:
        raise ValueError(f"{moment.isoformat()} lies outside the years 1 to 9999 in UTC")
    return instant


def to_datetime(instant: Instant) -> datetime:
    """An instant as an aware UTC datetime."""
    return _EPOCH + timedelta(0, 0, instant)  # half the time of a keyword: pages of runs have hundreds


def to_iso(instant: Instant) -> str:
    """RFC 3339 in UTC with a trailing Z; the fraction only where there is one."""
    return to_datetime(instant).isoformat().replace("+00:00", "Z")


def from_iso(text: str) -> Instant:
    """An RFC 3339 text with an offset as an instant. Raises ValueError where it is malformed, has no offset or lies
    outside the years 1 to 9999 in UTC."""
    return from_datetime(datetime.fromisoformat(text))
