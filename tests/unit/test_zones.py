"""Zones as spans of one offset, against the transitions that the time zone database lists."""

from __future__ import annotations

import struct
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from zoneinfo import TZPATH

import pytest

from treadle.domain.instants import SECOND
from treadle.domain.triggers.zones import PROBE, names, span_at


def transitions(tz: str) -> list[tuple[int, int, int]]:
    """Every change of offset in a zone's file (RFC 9636, second block): its Unix time, the offsets before and after."""
    places = [*map(Path, TZPATH), files("tzdata") / "zoneinfo"]
    data = next(place / tz for place in places if (place / tz).is_file()).read_bytes()
    header = struct.Struct(">4s c 15x 6l")
    _, _, isut, isstd, leap, times, kinds, letters = header.unpack_from(data)
    start = header.size + times * 5 + kinds * 6 + letters + leap * 8 + isstd + isut
    _, _, isut, isstd, leap, times, kinds, letters = header.unpack_from(data, start)
    at = struct.unpack_from(f">{times}q", data, start + header.size)
    which = struct.unpack_from(f">{times}B", data, start + header.size + times * 8)
    offsets = [struct.unpack_from(">l", data, start + header.size + times * 9 + kind * 6)[0] for kind in range(kinds)]
    changes = zip(at, [0, *which], which, strict=False)
    return [(when, offsets[old], offsets[new]) for when, old, new in changes if offsets[old] != offsets[new]]


def test_no_zone_ever_changed_its_offset_twice_between_two_probes() -> None:
    for tz in names():
        for (first, *_), (second, *_) in pairwise(transitions(tz)):
            assert (second - first) * SECOND > PROBE, tz


def test_no_clock_was_ever_set_by_more_than_a_probe() -> None:
    for tz in names():
        assert all(abs(new - old) * SECOND < PROBE for _, old, new in transitions(tz)), tz


@pytest.mark.parametrize(
    "tz", ["Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Asia/Gaza"]
)
def test_spans_begin_where_the_database_says(tz: str) -> None:
    recent = [change for change in transitions(tz) if 0 < change[0] < 2**31]
    assert recent
    for when, old, new in recent:
        before, after = span_at(tz, when * SECOND - 1), span_at(tz, when * SECOND)
        assert (before.end, before.offset) == (when * SECOND, old * SECOND)
        assert (after.start, after.offset) == (when * SECOND, new * SECOND)
        assert after.seen == (when + old) * SECOND
