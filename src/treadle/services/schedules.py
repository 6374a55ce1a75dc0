"""Schedules: read them, and what they will do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct, structs

from treadle.domain.backfill import BackfillRequest, Slots, slot_key, slots_of, spread
from treadle.domain.errors import Conflict, NotFound
from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.jobs import pause_schedule
from treadle.domain.revisions import check_revision
from treadle.domain.runs import Cause, Run
from treadle.domain.schedules import Fire, Schedule, coming
from treadle.domain.submitting import slot_run
from treadle.engines.contract import Engine, RunQuery
from treadle.engines.refusals import check_accepted, check_all_accepted
from treadle.services.jobs import Jobs
from treadle.services.paging import Page, decode_cursor, encode_cursor

_MOST_RACES: Final = 20
_PAGE: Final = 1_000


class Backfilled(Struct, frozen=True):
    """The slots that were made up for, and the ids of the runs that they got, in the same order; none on a dry run."""

    schedule: Schedule
    slots: Slots
    run_ids: list[str]


class Schedules:
    """The use cases of schedules."""

    def __init__(self, engine: Engine, jobs: Jobs, new_id: Callable[[str], str]) -> None:
        self._engine = engine
        self._jobs = jobs
        self._new_id = new_id

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

    async def coming(
        self, domain: str, schedule_id: str, count: int, after: Instant | None = None
    ) -> tuple[Schedule, list[Fire]]:
        """A schedule and its next slots, or those beyond a moment. Raises NotFound."""
        schedule = await self.get(domain, schedule_id)
        return schedule, coming(schedule, count, self._engine.now(), after)

    async def pause(self, domain: str, schedule_id: str, *, expected: str | None = None) -> Schedule:
        """Keep a schedule from firing until it is resumed, whatever its source says meanwhile.

        Raises NotFound, and StaleVersion where another revision stands than the `expected` one.
        """
        return await self._switch(domain, schedule_id, expected, paused=True)

    async def resume(self, domain: str, schedule_id: str, *, expected: str | None = None) -> Schedule:
        """Let a schedule fire again, from its next slot on. Raises as `pause` does."""
        return await self._switch(domain, schedule_id, expected, paused=False)

    async def trigger(self, domain: str, schedule_id: str) -> Run:
        """A run with the schedule's inputs, now. Raises NotFound, QueueDraining, and InvalidInput for such inputs."""
        schedule = await self.get(domain, schedule_id)
        job = await self._jobs.get(domain, schedule.job_id)
        new = slot_run(schedule, job, None, self._engine.now(), self._new_id("run"), cause=Cause.API)
        (answer,) = await self._engine.runs.enqueue([new])
        check_accepted(new, answer)
        return (await self._engine.runs.get(domain, [answer.run_id]))[0]

    async def backfill(self, domain: str, schedule_id: str, request: BackfillRequest) -> Backfilled:
        """Runs for slots of the past that have none, all or none; repeating it adds nothing.

        Raises NotFound, InvalidInput for a time that is none or holds too many slots, and QueueDraining.
        """
        schedule = await self.get(domain, schedule_id)
        now = self._engine.now()
        after, _ = request.span(now)
        slots = slots_of(schedule, request, now, await self._done(schedule, after))
        wanted = slots.wanted
        if request.dry_run or not wanted:
            return Backfilled(schedule, slots, [])
        job = await self._jobs.get(domain, schedule.job_id)
        new = [
            slot_run(
                schedule,
                job,
                slot,
                now,
                self._new_id("run"),
                due_at=spread(at, len(wanted), request, now),
                key=slot_key(schedule, slot, now),
            )
            for at, slot in enumerate(wanted)
        ]
        answers = await self._engine.runs.enqueue(new, together=True)
        check_all_accepted(new, answers)
        return Backfilled(schedule, slots, [answer.run_id for answer in answers])

    async def _done(self, schedule: Schedule, after: Instant) -> set[Instant]:
        """The slots from a moment on that have runs: none was submitted before its slot."""
        done: set[Instant] = set()
        query = RunQuery(domain=schedule.domain, job_ids=(schedule.job_id,), created_after=after, limit=_PAGE)
        while True:
            runs = await self._engine.runs.find(query)
            done.update(run.slot for run in runs if run.slot is not None and run.schedule_id == schedule.id)
            if len(runs) < _PAGE:
                return done
            query = structs.replace(query, before=runs[-1].id)

    async def _switch(self, domain: str, schedule_id: str, expected: str | None, *, paused: bool) -> Schedule:
        for _ in range(_MOST_RACES):
            seen = await self.get(domain, schedule_id)
            check_revision(f"schedule {schedule_id}", seen.revision, expected)
            if seen.paused is paused:
                return seen
            job, now = await self._jobs.get(domain, seen.job_id), self._engine.now()
            new = pause_schedule(job, seen, now, paused=paused)
            kind = "schedule.paused" if paused else "schedule.resumed"
            event = NewEvent(domain=domain, type=kind, subject=schedule_id, job_id=seen.job_id, at=now)
            if await self._engine.schedules.replace(seen, new, [event]):
                return new
        raise Conflict(f"schedule {schedule_id} fires or changes all the time: try again")
