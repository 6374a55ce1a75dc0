"""Time zones as spans of one UTC offset each, so that firing is integer arithmetic.

`zoneinfo` answers for one moment at a time and does not tell where an offset ends. The spans of a year are found once
by probing it, and kept.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from treadle.domain.errors import Problem, nearest
from treadle.domain.instants import DAY, SECOND, Instant, Micros, to_datetime

PROBE: Final[Micros] = 2 * DAY
"""Longer than any clock was ever set back (a day, at the date line), shorter than any offset ever held (a week)."""
_BLOCK: Final[Micros] = 366 * DAY
_EARLIEST: Final[Instant] = -62_135_596_800 * SECOND + PROBE
_LATEST: Final[Instant] = 253_402_300_799 * SECOND - PROBE


class Span(NamedTuple):
    """`start <= instant < end`, within which wall time is `instant + offset`."""

    start: Instant
    end: Instant
    offset: Micros
    seen: Micros
    """The wall time that the clock had already reached when the span began: what lies before it comes again."""


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """The zones of the IANA database."""
    from importlib.resources import (
        files,
    )  # what only declares a job asks for no names: its import is a fifth of the rest

    return frozenset((files("tzdata") / "zones").read_text(encoding="utf-8").split())


def problems(tz: str) -> tuple[Problem, ...]:
    """What is wrong with the name of a zone; empty where it is good."""
    if tz in names():
        return ()
    known = {name.lower(): name for name in sorted(names())}
    hint = f' (did you mean "{known[tz.lower()]}"?)' if tz.lower() in known else nearest(tz, names())
    return (Problem("/tz", f'"{tz:.60}" is not a time zone of the IANA database{hint}'),)


def span_at(tz: str, instant: Instant) -> Span:
    """The span of a zone that holds `instant`. Spans also end where a block of probing ends."""
    spans = _spans(tz, instant // _BLOCK)
    return next(span for span in spans if instant < span.end)


@lru_cache(maxsize=4_096)
def _spans(tz: str, block: int) -> tuple[Span, ...]:
    zone = ZoneInfo(tz)
    end = (block + 1) * _BLOCK
    start = block * _BLOCK - PROBE  # so that a clock set back just before the block is known within it
    offset = _offset(zone, start)
    seen = start + offset
    spans = []
    for probe in range(start + PROBE, end + 1, PROBE):
        if _offset(zone, probe) != offset:
            change = _change(zone, probe - PROBE, probe)
            spans.append(Span(start, change, offset, seen))
            seen = change + offset
            start, offset = change, _offset(zone, probe)
    spans.append(Span(start, end, offset, seen))
    return tuple(spans)


def _change(zone: ZoneInfo, before: Instant, after: Instant) -> Instant:
    """The first instant, in `before` to `after`, with the offset of `after`."""
    new = _offset(zone, after)
    seconds = range(before, after, SECOND)
    return before + SECOND * bisect_left(seconds, 1, key=lambda instant: _offset(zone, instant) == new)


def _offset(zone: ZoneInfo, instant: Instant) -> Micros:
    moment = to_datetime(min(max(instant, _EARLIEST), _LATEST))
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None  # noqa: S101 (a ZoneInfo always has one)
    return offset // timedelta(microseconds=1)
