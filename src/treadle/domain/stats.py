"""How runs ended, added up: what is counted of each, over which spans of time, and what is told of it.

A run is counted with the moment at which it ended, in the tallies of its domain, its job and its queue, once for the
minute and once for the hour. Days and weeks are made of hours, in the calendar of whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct, structs

from treadle.domain.histograms import Histogram, bin_of, merge
from treadle.domain.instants import DAY, HOUR, MINUTE, Instant, Micros
from treadle.domain.outcomes import RunError
from treadle.domain.runs import TERMINAL, State
from treadle.domain.states import TABLE
from treadle.domain.triggers.zones import span_at

STEPS: Final = (MINUTE, HOUR)
"""The spans for which tallies are kept."""

MINUTES_KEPT: Final[Micros] = 2 * DAY
"""How long those of minutes are kept; those of hours for as long as the settings say."""

ENDS: Final = frozenset(row.event for row in TABLE.values() if row.to in TERMINAL)
"""The events of which each run has one at most: they tell that it has ended."""

EVERYTHING: Final = ""
"""The series of all runs of a domain."""

_TIMED: Final = frozenset({State.COMPLETED, State.FAILED})


class Bucket(StrEnum):
    """What a series is told by."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


LONGEST: Final[dict[Bucket, Micros]] = {Bucket.MINUTE: DAY, Bucket.HOUR: 31 * DAY, Bucket.DAY: 93 * DAY}
"""How long a series may be."""


class Ended(Struct, frozen=True, kw_only=True):
    """A run that has ended, as far as it is counted. `claims` is how often workers took it."""

    run_id: str
    domain: str
    job_id: str
    queue: str
    state: State
    claims: int
    due_at: Instant
    started_at: Instant | None
    finished_at: Instant
    error: RunError | None


class Ends(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many runs ended, by how they did."""

    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    skipped: int = 0

    @property
    def success(self) -> float | None:
        """The share of those that completed among those that completed or failed; None where there are none."""
        judged = self.completed + self.failed
        return self.completed / judged if judged else None


class Tally(Ends, frozen=True, kw_only=True, omit_defaults=True):
    """Runs that ended within a span, and how long they took and waited.

    `durations` are those of the runs that completed or failed, from the start of their first attempt to their end.
    `waits` are from when a run was due to its start, of the runs that were started once: a retry is due anew. `depth`
    is the most runs that were seen ready at once, in a queue or in all of them.
    """

    durations: Histogram = {}
    waits: Histogram = {}
    depth: int = 0

    def __add__(self, other: Tally) -> Tally:
        return total((self, other))


class Key(NamedTuple):
    """What a tally is of: a series of a domain, and the span of so many microseconds that begins at a moment."""

    domain: str
    series: str
    step: Micros
    at: Instant


class Outcome(Struct, frozen=True, kw_only=True):
    """How a run of a job ended."""

    run_id: str
    state: State
    started_at: Instant | None
    finished_at: Instant


class Standing(Struct, frozen=True, kw_only=True):
    """The live runs of a domain, or of a queue: how many are in each state, counted up to a bound.

    `oldest_due_at` is since when the longest waiting of the ready ones is due, among the first of each line.
    """

    ready: int = 0
    scheduled: int = 0
    blocked: int = 0
    running: int = 0
    oldest_due_at: Instant | None = None


def job_series(job_id: str) -> str:
    """The series of the runs of a job."""
    return f"job:{job_id}"


def queue_series(queue: str) -> str:
    """The series of the runs of a queue."""
    return f"queue:{queue}"


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them together."""
    parts = list(tallies)
    if len(parts) == 1:
        return parts[0]
    return Tally(
        **structs.asdict(_ends(parts)),
        durations=merge([part.durations for part in parts]),
        waits=merge([part.waits for part in parts]),
        depth=max((part.depth for part in parts), default=0),
    )


def tally_of(run: Ended) -> Tally:
    """The tally of one run."""
    started = run.started_at
    durations = {} if started is None or run.state not in _TIMED else {bin_of(run.finished_at - started): 1}
    waits = {} if started is None or run.claims != 1 else {bin_of(started - run.due_at): 1}
    return structs.replace(Tally(durations=durations, waits=waits), **{run.state.value: 1})


def count(runs: Iterable[Ended]) -> dict[Key, Tally]:
    """What runs add to the tallies that they belong to."""
    parts: dict[Key, list[Tally]] = {}
    for run in runs:
        tally = tally_of(run)
        for series in (EVERYTHING, job_series(run.job_id), queue_series(run.queue)):
            for step in STEPS:
                key = Key(run.domain, series, step, run.finished_at // step * step)
                parts.setdefault(key, []).append(tally)
    return {key: total(each) for key, each in parts.items()}


def depths(domain: str, ready: Mapping[str, int], at: Instant) -> dict[Key, Tally]:
    """What it adds to the tallies that so many runs are ready in each queue at a moment."""
    seen = {EVERYTHING: sum(ready.values()), **{queue_series(name): count for name, count in ready.items()}}
    return {
        Key(domain, series, step, at // step * step): Tally(depth=count)
        for series, count in seen.items()
        for step in STEPS
    }


def step_of(bucket: Bucket) -> Micros:
    """The step of the tallies of which a series is made."""
    return MINUTE if bucket is Bucket.MINUTE else HOUR


def starts(bucket: Bucket, since: Instant, until: Instant, tz: str) -> list[Instant]:
    """The starts of the buckets from the one that holds `since` up to `until`. Days are those of a zone's calendar."""
    at, found = floor(bucket, since, tz), []
    while at < until:
        found.append(at)
        at = _next_day(at, tz) if bucket is Bucket.DAY else at + step_of(bucket)
    return found


def floor(bucket: Bucket, instant: Instant, tz: str) -> Instant:
    """The start of the bucket that holds an instant."""
    if bucket is not Bucket.DAY:
        return instant // step_of(bucket) * step_of(bucket)
    offset = span_at(tz, instant).offset
    midnight = (instant + offset) // DAY * DAY
    return midnight - span_at(tz, midnight - offset).offset


def _next_day(midnight: Instant, tz: str) -> Instant:
    """The next midnight: days of a zone have 23 to 25 hours."""
    return floor(Bucket.DAY, midnight + DAY + 12 * HOUR, tz)


def gather(tallies: Sequence[tuple[Instant, Tally]], edges: Sequence[Instant]) -> Iterator[Tally]:
    """Tallies by the buckets in which their spans begin; `edges` are the buckets' starts, both sorted by time.

    In a zone that is off by half an hour, the hour around midnight belongs to the day in which it begins.
    """
    place = 0
    for index, start in enumerate(edges):
        end = edges[index + 1] if index + 1 < len(edges) else None
        parts = []
        while place < len(tallies) and (end is None or tallies[place][0] < end):
            if tallies[place][0] >= start:
                parts.append(tallies[place][1])
            place += 1
        yield total(parts)


def by_weekday(tallies: Iterable[tuple[Instant, Tally]], tz: str) -> Mapping[tuple[int, int], Ends]:
    """How runs ended by weekday (0 is Monday) and hour of the day, as clocks of a zone show them where hours begin."""
    parts: dict[tuple[int, int], list[Tally]] = {(day, hour): [] for day in range(7) for hour in range(24)}
    for at, tally in tallies:
        parts[weekday_hour(at, tz)].append(tally)
    return {cell: _ends(each) for cell, each in parts.items()}


def weekday_hour(instant: Instant, tz: str) -> tuple[int, int]:
    """The weekday (0 is Monday) and the hour of the day, as the clocks of a zone show them at an instant."""
    days, rest = divmod(instant + span_at(tz, instant).offset, DAY)
    return (days + _EPOCH_WEEKDAY) % 7, rest // HOUR


def _ends(parts: Sequence[Ends]) -> Ends:
    return Ends(
        completed=sum(part.completed for part in parts),
        failed=sum(part.failed for part in parts),
        cancelled=sum(part.cancelled for part in parts),
        skipped=sum(part.skipped for part in parts),
    )


_EPOCH_WEEKDAY: Final = 3
"""The first of January 1970 was a Thursday."""
