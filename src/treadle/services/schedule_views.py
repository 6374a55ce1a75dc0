"""Views of schedules: how each stands and what came of it lately, what was passed over, and what is to come."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from msgspec import Struct, convert, structs

from treadle.domain.agenda import LONGEST, AgendaDay, agenda_days, days_of, left_out, outlook
from treadle.domain.instants import Instant, Micros
from treadle.domain.json import decode
from treadle.domain.runs import Run
from treadle.domain.schedules import Fire, Schedule, Standing, coming, standing
from treadle.domain.slots import SLOT_SKIPPED_EVENT, SkipReason
from treadle.engines.contract import Engine, RunQuery
from treadle.services.paging import Page, decode_cursor, encode_cursor
from treadle.services.stats import check_zone

_LOOKED_AT: Final = 20
"""The last runs of a job among which those of its schedule are sought."""

_FIRES: Final = 5

_SKIPS: Final = 500
"""The last events of skipped slots that are looked through."""


class _Told(Struct):
    reason: SkipReason
    count: int
    at_least: bool
    slots: list[str]
    message: str = ""


class Skips(Struct, frozen=True, kw_only=True):
    """Slots that got no run, and why; `count` of them, `at_least` so many, the newest of which are named."""

    at: Instant
    reason: SkipReason
    count: int
    at_least: bool
    slots: list[str]
    message: str


class Wanted(Struct, frozen=True, kw_only=True):
    """Which schedules are meant; nothing means all. `text` is part of their id, their job's or their description."""

    job_ids: tuple[str, ...] = ()
    schedule_ids: tuple[str, ...] = ()
    standings: tuple[Standing, ...] = ()
    text: str = ""

    def __call__(self, schedule: Schedule, now: Instant) -> bool:
        """Whether a schedule is meant."""
        words = f"{schedule.id}\n{schedule.job_id}\n{schedule.spec.description}".casefold()
        return (
            (not self.job_ids or schedule.job_id in self.job_ids)
            and (not self.schedule_ids or schedule.id in self.schedule_ids)
            and (not self.standings or standing(schedule, now) in self.standings)
            and self.text.casefold() in words
        )


class ScheduleOverview(Struct, frozen=True, kw_only=True):
    """A schedule with how it stands, its next fires, its last runs among those of its job, newest first, and what it
    last skipped."""

    schedule: Schedule
    standing: Standing
    fires: list[Fire]
    recent: list[Run]
    skipped: Skips | None


class Agenda(Struct, frozen=True, kw_only=True):
    """What is to come: days, and how often schedules fire by weekday (0 is Monday) and hour.

    `left_out` are the entries, the last ones, for which the days have no room.
    """

    since: Instant
    until: Instant
    days: list[AgendaDay]
    left_out: int
    hours: dict[tuple[int, int], int]


class ScheduleViews:
    """The use cases of looking at schedules."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def overview(
        self, domain: str, wanted: Wanted, *, limit: int, cursor: str | None = None
    ) -> Page[ScheduleOverview]:
        """Schedules by id, as they stand now."""
        question = ("schedule_overview", domain, *map(str, structs.astuple(wanted)))
        after, now = "" if cursor is None else decode_cursor(cursor, question), self._engine.now()
        found = [each for each in await self._engine.schedules.find(domain) if each.id > after and wanted(each, now)]
        page = found[:limit]
        runs, skipped = await asyncio.gather(self._recent(domain, page), self._skipped(domain))
        seen = [
            ScheduleOverview(
                schedule=each,
                standing=standing(each, now),
                fires=coming(each, _FIRES, now),
                recent=[run for run in runs[each.job_id] if run.schedule_id == each.id],
                skipped=next((skips for subject, skips in skipped if subject == each.id), None),
            )
            for each in page
        ]
        return Page(seen, encode_cursor(page[-1].id, question) if len(found) > limit else None)

    async def skips(self, domain: str, schedule_id: str, limit: int) -> list[Skips]:
        """What a schedule passed over lately, newest first."""
        return [skips for subject, skips in await self._skipped(domain) if subject == schedule_id][:limit]

    async def agenda(self, domain: str, wanted: Wanted, length: Micros, tz: str) -> Agenda:
        """What schedules do from now on, by a zone's clock. Raises InvalidInput for what is no zone."""
        check_zone(tz)
        since = self._engine.now()
        until = since + min(length, LONGEST)
        outlooks, hours = [], dict.fromkeys(((day, hour) for day in range(7) for hour in range(24)), 0)
        for schedule in await self._engine.schedules.find(domain):
            if wanted(schedule, since):
                found = outlook(schedule, since, until, tz)
                outlooks.append((schedule.id, found))
                for cell, fired in found.hours.items():
                    hours[cell] += fired
                await asyncio.sleep(0)  # a thousand schedules take a second, which others need not wait for
        days = agenda_days(outlooks, days_of(since, until, tz))
        return Agenda(since=since, until=until, days=days, left_out=left_out(outlooks), hours=hours)

    async def _recent(self, domain: str, schedules: Sequence[Schedule]) -> dict[str, list[Run]]:
        job_ids = list({each.job_id for each in schedules})
        queries = (RunQuery(domain=domain, job_ids=(job_id,), limit=_LOOKED_AT) for job_id in job_ids)
        found = await asyncio.gather(*map(self._engine.runs.find, queries))
        return dict(zip(job_ids, found, strict=True))

    async def _skipped(self, domain: str) -> list[tuple[str, Skips]]:
        events = await self._engine.events.newest(domain, SLOT_SKIPPED_EVENT, _SKIPS)
        return [
            (event.subject, Skips(at=event.at, **structs.asdict(convert(decode(event.data), _Told))))
            for event in events
        ]
