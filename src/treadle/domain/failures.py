"""Groups of equal failures: what they are, and what people say of them.

A group comes up with its first failure. Somebody resolves it, or snoozes it for a while; a failure that comes after it
was resolved opens it again, and so does the end of a snooze.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta, Struct

from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.events import NewEvent
from treadle.domain.fingerprints import fingerprint
from treadle.domain.instants import DAY, HOUR, Instant, from_iso, to_iso
from treadle.domain.json import Json, encode
from treadle.domain.runs import State
from treadle.domain.stats import Ended

LONGEST_SNOOZE: Final = 366 * DAY

BARS: Final = 28
BAR: Final = 6 * HOUR
"""A group's recent failures are counted in so many bars of such a length, a week in all."""

GROUP_PATH: Final = "=failure_group"
"""Where a failed run is filed under its group, beside the values of its inputs; no input has such a path."""

GROUP_OPENED_EVENT: Final = "failure_group.opened"
GROUP_REOPENED_EVENT: Final = "failure_group.reopened"


class GroupState(StrEnum):
    """`open`: it fails, and nobody has said anything of it. `snoozed`: not to be told of until then. `resolved`: it is
    not to come again."""

    OPEN = "open"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


GROUP_EVENTS: Final = {
    GroupState.OPEN: GROUP_REOPENED_EVENT,
    GroupState.SNOOZED: "failure_group.snoozed",
    GroupState.RESOLVED: "failure_group.resolved",
}


class Verdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said of a group last, by whom and when; nothing yet, or a new failure since, is `open` by nobody."""

    state: GroupState = GroupState.OPEN
    at: Instant = 0
    until: Instant | None = None
    by: str = ""
    why: str = ""


class FailureGroup(Struct, frozen=True, kw_only=True):
    """Failed runs whose failures are one and the same. `run_id` is the newest of them, `title` what that one said."""

    domain: str
    id: str
    kind: str
    place: str
    title: str
    count: int
    first_at: Instant
    last_at: Instant
    run_id: str
    verdict: Verdict = Verdict()

    def state(self, now: Instant) -> GroupState:
        """How it stands at a moment: a snooze ends by itself."""
        verdict = self.verdict
        if verdict.state is GroupState.SNOOZED and verdict.until is not None and verdict.until <= now:
            return GroupState.OPEN
        return verdict.state


class JobCount(Struct, frozen=True):
    """How many of a group's failures are of a job, and when the last one was."""

    job_id: str
    count: int
    last_at: Instant


class Failure(Struct, frozen=True, kw_only=True):
    """A failed run as its group counts it."""

    run_id: str
    job_id: str
    at: Instant


class Fresh(Struct, frozen=True):
    """Failures that come to a group: the group as it would be of these alone, and the failures."""

    group: FailureGroup
    failures: tuple[Failure, ...]


class Resolve(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be said when a group is resolved."""

    why: Annotated[str, Meta(max_length=1_000, description="What was done about it.")] = ""


class Snooze(Resolve, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group that is not to be told of for a while."""

    until: Annotated[str, Meta(description="RFC 3339 with an offset.", extra_json_schema={"format": "date-time"})]

    def moment(self, now: Instant) -> Instant:
        """The end of the snooze. Raises InvalidInput for what is no moment, lies behind or too far ahead."""
        try:
            until = from_iso(self.until)
        except ValueError:
            message = "must be RFC 3339 with an offset, such as 2026-11-05T09:00:00+07:00"
            raise InvalidInput([Problem("/until", message)]) from None
        if not now < until <= now + LONGEST_SNOOZE:
            raise InvalidInput(
                [Problem("/until", f"must lie after {to_iso(now)}, by {LONGEST_SNOOZE // DAY} days at most")]
            )
        return until


def bars(submitted: Iterable[Instant], now: Instant) -> tuple[int, ...]:
    """How many failures were submitted in each of the last `BARS` spans of `BAR`, the oldest first."""
    ages = Counter(max(now - at, 0) // BAR for at in submitted)
    return tuple(ages[age] for age in reversed(range(BARS)))


def group(runs: Iterable[Ended]) -> list[Fresh]:
    """The failures among runs that have ended, by their groups."""
    members: dict[tuple[str, str], list[Ended]] = {}
    for run in runs:
        if run.state is State.FAILED:
            members.setdefault((run.domain, fingerprint(run.error, run.job_id).id), []).append(run)
    return [_fresh(group_id, sorted(each, key=_order)) for (_, group_id), each in members.items()]


def add(standing: FailureGroup | None, fresh: FailureGroup) -> FailureGroup:
    """A group with further failures. One that was resolved before the last of them is open again."""
    if standing is None:
        return fresh
    newer = fresh if (fresh.last_at, fresh.run_id) >= (standing.last_at, standing.run_id) else standing
    verdict = standing.verdict
    if verdict.state is GroupState.RESOLVED and fresh.last_at > verdict.at:
        verdict = Verdict()
    return FailureGroup(
        domain=standing.domain,
        id=standing.id,
        kind=standing.kind,
        place=standing.place,
        title=newer.title,
        count=standing.count + fresh.count,
        first_at=min(standing.first_at, fresh.first_at),
        last_at=newer.last_at,
        run_id=newer.run_id,
        verdict=verdict,
    )


def opening(standing: FailureGroup | None, added: FailureGroup) -> list[NewEvent]:
    """What is told of a group to which failures came: that it is new, or open again."""
    if standing is None:
        kind = GROUP_OPENED_EVENT
    elif standing.verdict.state is not added.verdict.state:
        kind = GROUP_REOPENED_EVENT
    else:
        return []
    data = {"kind": added.kind, "place": added.place, "title": added.title, "run_id": added.run_id}
    return [NewEvent(domain=added.domain, type=kind, subject=added.id, at=added.last_at, data=encode(data))]


def verdict_data(verdict: Verdict) -> Json:
    """What the event of a verdict tells."""
    until = {} if verdict.until is None else {"until": to_iso(verdict.until)}
    return encode({"by": verdict.by, "why": verdict.why, **until})


def _fresh(group_id: str, runs: list[Ended]) -> Fresh:
    first, last = runs[0], runs[-1]
    known = fingerprint(last.error, last.job_id)
    made = FailureGroup(
        domain=last.domain,
        id=group_id,
        kind=known.kind,
        place=known.place,
        title=known.title,
        count=len(runs),
        first_at=first.finished_at,
        last_at=last.finished_at,
        run_id=last.run_id,
    )
    return Fresh(made, tuple(Failure(run_id=run.run_id, job_id=run.job_id, at=run.finished_at) for run in runs))


def _order(run: Ended) -> tuple[Instant, str]:
    return run.finished_at, run.run_id
