"""Where a process keeps what it counts: rows of numbers in one piece of memory, which another process may read.

A row costs some tens of nanoseconds to add to, and nothing to hand over: a worker's parent looks into the memory of its
children, and still does when they have died. So nothing that was counted is lost, and the run path pays next to
nothing (docs/adr/0013).
"""

from __future__ import annotations

import mmap
import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from typing import Final, TypeAlias

import msgspec

from treadle.meters.catalog import CATALOG, OTHER, Metric

Rows: TypeAlias = dict[tuple[str, ...], list[float]]
"""Series by the name of their metric and the values of their labels. A histogram's are its buckets and the sum."""

_KEY_BYTES: Final = 256
_ROW_BYTES: Final = _KEY_BYTES + 16 * 8
_MOST_ROWS: Final = 4_000
_BYTES: Final = (_MOST_ROWS + 1) * _ROW_BYTES
_NUMBERS: Final = _ROW_BYTES // 8
_decoder: Final = msgspec.json.Decoder(tuple[str, ...])


class Tally:
    """Counts in memory. One thread writes; any process that has the memory may read."""

    def __init__(self, memory: mmap.mmap | bytearray | None = None) -> None:
        """`memory` is of `_BYTES`, zeroed or a tally's; without it, it is this process's own."""
        self._bytes = memoryview(bytearray(_BYTES) if memory is None else memory)
        self._cells = self._bytes.cast("d")
        self._known: dict[tuple[str, ...], int] = {}
        self._series: Counter[str] = Counter()

    @classmethod
    def over(cls, fd: int) -> Tally:
        """The tally in shared memory; see `shared_memory`."""
        return cls(mmap.mmap(fd, _BYTES))

    def row(self, metric: Metric, *labels: str) -> int:
        """Where the numbers of a series begin in `cells`: to be asked for once. Beyond a metric's most series, one
        takes all that comes."""
        key = (metric.name, *labels)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._place(metric, key)
        return known

    @property
    def cells(self) -> memoryview[float]:
        """All numbers; see `row`."""
        return self._cells

    def add(self, metric: Metric, *labels: str, by: float = 1.0) -> None:
        """Add to a counter or a gauge."""
        self._cells[self.row(metric, *labels)] += by

    def observe(self, metric: Metric, seconds: float, *labels: str) -> None:
        """Count a duration in a histogram."""
        row, bounds, cells = self.row(metric, *labels), metric.bounds, self._cells
        cells[row + bisect_left(bounds, seconds)] += 1.0
        cells[row + len(bounds) + 1] += seconds

    def read(self) -> Rows:
        """What has been counted so far."""
        rows: dict[tuple[str, ...], list[float]] = {}
        for number in range(1, int(self._cells[0]) + 1):
            start = number * _ROW_BYTES
            key = _decoder.decode(bytes(self._bytes[start : start + _KEY_BYTES]).rstrip(b"\0"))
            first = (start + _KEY_BYTES) // 8
            rows[key] = list(self._cells[first : first + CATALOG[key[0]].cells])
        return rows

    def _place(self, metric: Metric, key: tuple[str, ...]) -> int:
        others = (metric.name, *(OTHER for _ in metric.labels))
        text = msgspec.json.encode(key)
        used = int(self._cells[0])
        if key != others and (self._series[metric.name] >= metric.most or len(text) > _KEY_BYTES or self._full(used)):
            return self.row(metric, *others[1:])
        self._series[metric.name] += 1
        start = (used + 1) * _ROW_BYTES
        self._bytes[start : start + len(text)] = text
        self._cells[0] = used + 1  # after the key: who reads meanwhile sees a whole row or none
        return (start + _KEY_BYTES) // 8

    def _full(self, used: int) -> bool:
        """Whether the rows that are left are those of the metrics' others."""
        return used + len(CATALOG) >= _MOST_ROWS


def shared_memory() -> int:
    """The descriptor of new memory for a tally; it lives as long as somebody holds it."""
    fd = os.memfd_create("treadle-tally")
    os.ftruncate(fd, _BYTES)
    return fd


def merged(all_rows: Iterable[Rows]) -> Rows:
    """Rows of several processes, summed up."""
    total: Rows = {}
    for rows in all_rows:
        for key, numbers in rows.items():
            standing = total.get(key)
            total[key] = numbers if standing is None else [a + b for a, b in zip(standing, numbers, strict=True)]
    return total


def of_domain(rows: Rows, domain: str) -> Rows:
    """What belongs to one domain; nothing of others, nor of the installation and its processes."""
    return {
        key: numbers
        for key, numbers in rows.items()
        if (at := CATALOG[key[0]].domain_at) is not None and key[at + 1] == domain
    }
