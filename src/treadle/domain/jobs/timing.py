"""The `schedule` of a job's document and the spec that it means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from treadle.domain.errors import Problem
from treadle.domain.instants import Instant, from_datetime, from_seconds, to_iso, to_seconds
from treadle.domain.jobs.document import ScheduleDocument
from treadle.domain.jobs.saying import said
from treadle.domain.schedules import DEFAULT_TIMEZONE, ScheduleSpec
from treadle.domain.triggers import cron_problems, zones

_KEY_OF_MODE: Final = {"cron": "cron", "interval": "interval_sec"}


def read_schedule(document: ScheduleDocument, at: str, problems: list[Problem]) -> ScheduleSpec:
    """The spec of a schedule that stands at the pointer `at`; its faults go to `problems`."""
    timezone = DEFAULT_TIMEZONE if document.timezone is None else document.timezone
    known = not (faults := zones.problems(timezone))
    problems.extend(Problem(f"{at}/timezone", fault.message) for fault in faults)
    if document.cron is not None:
        problems.extend(Problem(f"{at}/cron", fault.message) for fault in cron_problems(document.cron))
    seconds = said(
        {f"{at}/interval_sec": document.interval_sec, f"{at}/interval_seconds": document.interval_seconds}, problems
    )
    ways = {"interval_sec": seconds, "cron": document.cron, "at": document.at}
    _check_ways(document, [key for key, value in ways.items() if value is not None], at, problems)

    def moment(key: str, text: str | None) -> Instant | None:
        return _moment(text, timezone if known else DEFAULT_TIMEZONE, f"{at}/{key}", problems)

    start_at, end_at = moment("start_at", document.start_at), moment("end_at", document.end_at)
    if start_at is not None and end_at is not None and end_at < start_at:
        problems.append(Problem(f"{at}/end_at", "lies before start_at"))
    return ScheduleSpec(
        every=None if seconds is None else from_seconds(seconds),
        cron=None if document.cron is None else " ".join(document.cron.split()),
        at=moment("at", document.at),
        timezone=timezone,
        start_at=start_at,
        end_at=end_at,
        enabled=document.enabled is not False,
    )


def dump_schedule(spec: ScheduleSpec) -> dict[str, Any]:
    """The document of a spec."""
    moments = {"at": spec.at, "start_at": spec.start_at, "end_at": spec.end_at}
    document: dict[str, Any] = {}
    if spec.every is not None:
        document["interval_sec"] = to_seconds(spec.every)
    elif spec.cron is not None:
        document["cron"] = spec.cron
    elif spec.at is None:
        document["mode"] = "immediate"
    document |= {key: to_iso(moment) for key, moment in moments.items() if moment is not None}
    document["timezone"] = spec.timezone
    document["enabled"] = spec.enabled
    return document


def _check_ways(document: ScheduleDocument, ways: list[str], at: str, problems: list[Problem]) -> None:
    """A schedule says when in one way only, and its mode agrees."""
    problems.extend(
        Problem(f"{at}/{other}", f"stands beside {at}/{ways[0]}; give one of the two", "conflict") for other in ways[1:]
    )
    if document.mode is None and not ways:
        message = 'says not when: give interval_sec, cron or at, or mode "immediate"'
        problems.append(Problem(at, message, "missing"))
    elif document.mode in _KEY_OF_MODE and _KEY_OF_MODE[document.mode] not in ways:
        key = _KEY_OF_MODE[document.mode]
        problems.append(Problem(f"{at}/{key}", f'mode "{document.mode}" needs this key', "missing"))
    elif document.mode == "immediate" and (ways or document.start_at is not None or document.end_at is not None):
        message = '"immediate" is once and now: leave the other times out, or give another mode'
        problems.append(Problem(f"{at}/mode", message, "conflict"))
    if document.at is not None and (document.start_at is not None or document.end_at is not None):
        problems.append(Problem(f"{at}/at", "is one moment: start_at and end_at do not go with it", "conflict"))


def _moment(text: str | None, timezone: str, at: str, problems: list[Problem]) -> Instant | None:
    """The instant that a text names. Of a wall time that comes twice, the first."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return from_datetime(moment)
        local = moment.replace(tzinfo=ZoneInfo(timezone))
        instant = local.astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{text!r:.40} is no date and time such as 2026-11-05T09:00:00+07:00"
        problems.append(Problem(at, message))
        return None
    if instant.astimezone(local.tzinfo).replace(tzinfo=None) != moment:
        problems.append(Problem(at, f"{text} does not exist in {timezone}: its clocks jump over it"))
    return from_datetime(instant)
