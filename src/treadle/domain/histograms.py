"""Lengths of time counted in fixed bins, so that counts of any spans add up and quantiles are told from them.

A power of two is cut into 16 bins of equal width: what is told of a length is within 1/32 of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from treadle.domain.instants import Micros

Histogram: TypeAlias = dict[int, int]
"""How many lengths are in each bin; bins with none are left out."""

_BITS: Final = 4
_PARTS: Final = 1 << _BITS


def bin_of(length: Micros) -> int:
    """The bin of a length; one below zero, as clocks that differ make it, is in the first."""
    if length < _PARTS:
        return max(length, 0)
    shift = length.bit_length() - _BITS - 1
    return (shift << _BITS) + (length >> shift)


def middle_of(place: int) -> Micros:
    """The length that stands for a bin."""
    if place < 2 * _PARTS:
        return place
    shift = (place >> _BITS) - 1
    start = (place - (shift << _BITS)) << shift
    return start + (1 << shift) // 2


def merge(histograms: Iterable[Mapping[int, int]]) -> Histogram:
    """All of them together."""
    merged: Histogram = {}
    for histogram in histograms:
        for place, count in histogram.items():
            merged[place] = merged.get(place, 0) + count
    return merged


def quantiles(histogram: Mapping[int, int], shares: Sequence[float]) -> list[Micros | None]:
    """For each share of all (in 0 to 1, rising) the length that it does not exceed; None where there is none."""
    found: list[Micros | None] = []
    count, passed = sum(histogram.values()), 0
    for place in sorted(histogram):
        passed += histogram[place]
        while len(found) < len(shares) and shares[len(found)] * count <= passed:
            found.append(middle_of(place))
    return found + [None] * (len(shares) - len(found))
