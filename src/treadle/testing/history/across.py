"""What must hold between runs, at every moment of the log: lanes, parents, the order of a line."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from treadle.domain.instants import Instant
from treadle.domain.priority import rank
from treadle.domain.runs import Run, State
from treadle.testing.history.records import Submitted, Violation

Asked: TypeAlias = Mapping[str, Submitted]
"""What was asked for, by the ids of the runs that were accepted."""


class Lanes:
    """I6: who is in which lane."""

    def __init__(self, asked: Asked, limits: Mapping[str, int]) -> None:
        self._asked = asked
        self._limits = limits
        self._inside: dict[str, set[str]] = defaultdict(set)

    def start(self, run_id: str) -> Iterator[Violation]:
        """A run begins a try."""
        for lane in self._lanes(run_id):
            inside = self._inside[lane]
            inside.add(run_id)
            if len(inside) > self._limits[lane]:
                yield Violation("I6", lane, f"{len(inside)} runs in it, {self._limits[lane]} allowed: {sorted(inside)}")

    def leave(self, run_id: str) -> None:
        """A run holds nothing any more."""
        for lane in self._lanes(run_id):
            self._inside[lane].discard(run_id)

    def _lanes(self, run_id: str) -> tuple[str, ...]:
        return self._asked[run_id].lanes if run_id in self._asked else ()


class Parents:
    """I9: who has completed."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._completed: set[str] = set()

    def start(self, run_id: str) -> Iterator[Violation]:
        """A run begins a try."""
        parents = self._asked[run_id].parents if run_id in self._asked else ()
        if missing := [parent for parent in parents if parent not in self._completed]:
            yield Violation("I9", run_id, f"started before its parents had completed: {missing}")

    def end(self, run_id: str, state: State) -> None:
        """A run has ended."""
        if state is State.COMPLETED:
            self._completed.add(run_id)


class Order:
    """I8: which runs of a line started before one that goes before them, though they came later.

    Judged are those that nothing held back: no delay, lane or parent.
    """

    def __init__(self, asked: Asked, runs: Mapping[str, Run], most: int) -> None:
        self._runs = {run_id: runs[run_id] for run_id, ask in asked.items() if run_id in runs and _is_free(ask)}
        self._most = most
        self._queued: dict[str, int] = {}
        self._started: dict[tuple[str, ...], list[tuple[Instant, int]]] = defaultdict(list)
        self._now = 0

    def queue(self, run_id: str) -> None:
        """A run is stored."""
        self._now += 1
        self._queued[run_id] = self._now

    def start(self, run_id: str) -> Iterator[Violation]:
        """A run begins a try: only the first one counts."""
        run, since = self._runs.get(run_id), self._queued.pop(run_id, None)
        if run is None or since is None:
            return
        self._now += 1
        place = rank(run.created_at, run.priority)
        started = self._started[run.domain, run.queue, run.requires]
        later = started[bisect_right(started, (place, self._now)) :]
        overtaken = sum(at > since for _, at in later)
        if overtaken > self._most:
            yield Violation("I8", run_id, f"{overtaken} runs behind it in its line started before it")
        insort(started, (place, self._now))


def _is_free(asked: Submitted) -> bool:
    return asked.due_at is None and not asked.lanes and not asked.parents
