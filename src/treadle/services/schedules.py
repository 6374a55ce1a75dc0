"""Schedules: read them, and what they will do."""

from __future__ import annotations

from treadle.domain.errors import NotFound
from treadle.domain.instants import Instant
from treadle.domain.schedules import Schedule, coming
from treadle.engines.contract import Engine
from treadle.services.paging import Page, decode_cursor, encode_cursor


class Schedules:
    """The use cases of schedules."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def page(
        self, domain: str, *, limit: int, cursor: str | None = None, job_id: str | None = None
    ) -> Page[Schedule]:
        """Schedules by id, of one job or of all."""
        question = ("schedules", domain, job_id)
        after = "" if cursor is None else decode_cursor(cursor, question)
        found = [each for each in await self._engine.schedules.find(domain, job_id=job_id) if each.id > after]
        more = len(found) > limit
        found = found[:limit]
        return Page(found, encode_cursor(found[-1].id, question) if more else None)

    async def get(self, domain: str, schedule_id: str) -> Schedule:
        """One schedule. Raises NotFound."""
        found = await self._engine.schedules.get(domain, [schedule_id])
        if not found:
            raise NotFound(f"there is no schedule {schedule_id}")
        return found[0]

    async def of_jobs(self, domain: str, job_ids: list[str]) -> dict[str, Schedule]:
        """The schedules of jobs' own definitions, by job id; jobs without one are left out."""
        return {schedule.id: schedule for schedule in await self._engine.schedules.get(domain, job_ids)}

    async def coming(self, domain: str, schedule_id: str, count: int) -> tuple[Schedule, list[Instant]]:
        """A schedule and its next slots. Raises NotFound."""
        schedule = await self.get(domain, schedule_id)
        return schedule, coming(schedule, count)
