"""Jobs: define, read, replace, switch, delete. A version is kept at each change."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Final

from msgspec import Struct, structs

from treadle.domain.chains import link_problems
from treadle.domain.errors import Conflict, InvalidInput, NotFound, Problem, StaleVersion
from treadle.domain.events import NewEvent
from treadle.domain.jobs import (
    Job,
    JobSpec,
    check_not_reserved,
    create_job,
    entry_schedule,
    job_schedule,
    parse_job,
    revise_job,
    standing_limits,
)
from treadle.domain.jobs.origins import switched_source
from treadle.domain.schedules import Fire, Schedule, coming
from treadle.engines.contract import Engine, Save
from treadle.engines.definitions import JOB_KIND, job_body, to_job
from treadle.services.paging import Page, decode_cursor, encode_cursor
from treadle.services.remembered import check_rule

FROM_API: Final = "api"
_MOST_RACES: Final = 10

Change = Callable[[Job], Job]


class Checked(Struct, frozen=True):
    """What a valid document means: its spec, and the first fires that it would have if it were defined now."""

    spec: JobSpec
    coming: list[Fire]


class Jobs:
    """The use cases of jobs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def create(self, domain: str, spec: JobSpec, *, source: str = FROM_API, repeatable: bool = False) -> Job:
        """Define a new job.

        Raises Conflict where its id is taken, InvalidInput where it is reserved, or for a rule that its handler lacks.

        A `repeatable` call answers with the job that stands where it is the same: its id is the key.
        """
        check_not_reserved(spec.job_id)
        if source == FROM_API:
            await check_rule(self._engine, domain, spec)
        job = create_job(spec, domain=domain, source=source, now=self._engine.now())
        try:
            return await self._save(job, "job.created", expected=0)
        except StaleVersion:
            standing = await self.find(domain, spec.job_id)
            if repeatable and standing is not None and standing.spec == spec:
                return standing
            raise Conflict(f"there is a job {spec.job_id} already: replace it, or choose another job_id") from None

    async def define(self, domain: str, spec: JobSpec, *, source: str) -> Job:
        """Create a job or replace it, whichever is needed; nothing happens where it is the same already."""

        if await self.find(domain, spec.job_id) is None:
            with suppress(Conflict):  # somebody else has just defined it
                return await self.create(domain, spec, source=source)
        return await self._alter(domain, spec.job_id, lambda job: self._revised(job, spec, source), "job.updated")

    async def get(self, domain: str, job_id: str) -> Job:
        """The version of a job that stands. Raises NotFound."""
        job = await self.find(domain, job_id)
        if job is None:
            raise NotFound(f"there is no job {job_id}")
        return job

    async def find(self, domain: str, job_id: str) -> Job | None:
        """The version of a job that stands, or None."""
        document = await self._engine.documents.get(domain, JOB_KIND, job_id)
        return None if document is None else to_job(document)

    async def all(self, domain: str) -> AsyncIterator[Job]:
        """Every job, by id."""
        after = ""
        while documents := await self._engine.documents.find(domain, JOB_KIND, after=after):
            for document in documents:
                yield to_job(document)
            after = documents[-1].id

    async def page(self, domain: str, *, limit: int, cursor: str | None = None) -> Page[Job]:
        """Jobs by id."""
        question = (JOB_KIND, domain)
        after = "" if cursor is None else decode_cursor(cursor, question)
        documents = await self._engine.documents.find(domain, JOB_KIND, after=after, limit=limit + 1)
        more = len(documents) > limit
        documents = documents[:limit]
        return Page([to_job(each) for each in documents], encode_cursor(documents[-1].id, question) if more else None)

    async def replace(
        self, domain: str, job_id: str, spec: JobSpec, *, expected: int | None = None, source: str = FROM_API
    ) -> Job:
        """A new version of a job; the standing one where nothing differs.

        Raises NotFound, StaleVersion where another version stands than `expected`, and InvalidInput where the
        document is that of another job, or asks a rule that its handler lacks.
        """
        if spec.job_id != job_id:
            raise InvalidInput([Problem("/job_id", f"is {spec.job_id!r}, but this is the job {job_id!r}", "conflict")])
        await check_rule(self._engine, domain, spec)
        return await self._alter(
            domain, job_id, lambda job: self._revised(job, spec, source), "job.updated", expected=expected
        )

    async def enable(self, domain: str, job_id: str, *, expected: int | None = None) -> Job:
        """Let a job's schedules fire, and messages start it."""
        return await self._switch(domain, job_id, enabled=True, expected=expected)

    async def disable(self, domain: str, job_id: str, *, expected: int | None = None) -> Job:
        """Keep schedules and messages from starting a job; it can still be run by hand."""
        return await self._switch(domain, job_id, enabled=False, expected=expected)

    async def delete(self, domain: str, job_id: str, *, expected: int | None = None) -> None:
        """Remove a job and its schedules. Its runs go on, and its versions are kept.

        Raises NotFound, StaleVersion, and Conflict where another job names it.
        """
        schedules = await self._engine.schedules.find(domain, job_id=job_id)
        deleted = await self._engine.documents.delete(
            domain,
            JOB_KIND,
            job_id,
            expected=expected,
            schedule_ids=[schedule.id for schedule in schedules],
            events=[self._event(domain, job_id, "job.deleted")],
        )
        if not deleted:
            raise NotFound(f"there is no job {job_id}")

    async def versions(self, domain: str, job_id: str, *, limit: int, cursor: str | None = None) -> Page[Job]:
        """The versions of a job, newest first; also of one that was deleted. Raises NotFound, InvalidInput."""
        question = ["versions", job_id]
        upto = None if cursor is None else int(decode_cursor(cursor, question))
        found = await self._engine.documents.versions(domain, JOB_KIND, job_id, limit + 1, upto=upto)
        if not found and cursor is None:
            raise NotFound(f"there is no job {job_id}")
        following = found[limit].version if len(found) > limit else None
        items = [to_job(document) for document in found[:limit]]
        return Page(items, None if following is None else encode_cursor(str(following), question))

    async def version(self, domain: str, job_id: str, version: int) -> Job | None:
        """A job as it was at a version; also of one that was deleted."""
        documents = await self._engine.documents.versions(domain, JOB_KIND, job_id, 1, upto=version)
        return next((to_job(document) for document in documents if document.version == version), None)

    async def get_version(self, domain: str, job_id: str, version: int) -> Job:
        """A job as it was at a version; also of one that was deleted. Raises NotFound."""
        job = await self.version(domain, job_id, version)
        if job is None:
            raise NotFound(f"there is no version {version} of a job {job_id}")
        return job

    async def roll_back(self, domain: str, job_id: str, version: int, *, expected: int | None = None) -> Job:
        """A new version of a job that says what an earlier one said. Raises as `replace` does."""
        then = await self.get_version(domain, job_id, version)
        return await self.replace(domain, job_id, then.spec, expected=expected)

    async def check(self, domain: str, document: object, *, fires: int = 5) -> Checked:
        """What a document means, without storing it. Raises InvalidInput with every fault in it."""
        spec = parse_job(document)
        check_not_reserved(spec.job_id)
        now = self._engine.now()
        job = create_job(spec, domain=domain, source=FROM_API, now=now)
        named = await self._named(job)
        if problems := link_problems(job.job_id, job.chain.links, named, named):
            raise InvalidInput(problems)
        schedule = job_schedule(job, None, now)
        return Checked(spec, [] if schedule is None else coming(schedule, fires, now))

    async def _named(self, job: Job) -> dict[str, list[str]]:
        """The jobs that hang together with a job by what it names, each with those that it names itself."""
        found: dict[str, list[str]] = {}
        todo = [*job.chain.links.dependencies, *job.chain.links.after]
        while todo:
            name = todo.pop()
            if name in found or name == job.job_id:
                continue
            document = await self._engine.documents.get(job.domain, JOB_KIND, name)
            if document is not None:
                links = to_job(document).chain.links
                found[name] = [*links.dependencies, *links.after]
                todo += found[name]
        return found

    async def _switch(self, domain: str, job_id: str, *, enabled: bool, expected: int | None) -> Job:
        def change(job: Job) -> Job:
            source = job.source if job.enabled is enabled else switched_source(job.source, FROM_API)
            return self._revised(job, structs.replace(job.spec, enabled=enabled), source)

        return await self._alter(
            domain, job_id, change, "job.enabled" if enabled else "job.disabled", expected=expected
        )

    def _revised(self, job: Job, spec: JobSpec, source: str) -> Job:
        return revise_job(job, spec, source=source, now=self._engine.now())

    async def _alter(self, domain: str, job_id: str, change: Change, event: str, *, expected: int | None = None) -> Job:
        for _ in range(_MOST_RACES):
            standing = await self.get(domain, job_id)
            if expected is not None and standing.version != expected:
                message = f"job {job_id} is at version {standing.version} by now: read it again"
                raise StaleVersion(message, standing.version)
            changed = change(standing)
            if changed is standing:
                return standing
            with suppress(StaleVersion):  # somebody was quicker, or its schedule has just fired: look again
                return await self._save(changed, event, expected=standing.version)
        raise Conflict(f"job {job_id} is being changed by others all the time: try again")

    async def _save(self, job: Job, event: str, *, expected: int) -> Job:
        old = await self._engine.schedules.find(job.domain, job_id=job.job_id)
        document = await self._engine.documents.save(
            Save(
                domain=job.domain,
                kind=JOB_KIND,
                id=job.job_id,
                body=job_body(job),
                at=job.updated_at,
                expected=expected,
                schedules=_schedules(job, old),
                replaces=tuple(old),
                consumes=_consumes(job),
                limits=standing_limits(job),
                links=job.chain.links,
                events=(self._event(job.domain, job.job_id, event),),
            )
        )
        return to_job(document)

    def _event(self, domain: str, job_id: str, kind: str) -> NewEvent:
        return NewEvent(domain=domain, type=kind, subject=job_id, job_id=job_id, at=self._engine.now())


def _consumes(job: Job) -> str | None:
    """The type of messages whose arrival starts the job, as long as it is enabled."""
    intake = job.work.messages
    return intake.type if intake is not None and intake.trigger and job.enabled else None


def _schedules(job: Job, old: list[Schedule]) -> tuple[Schedule, ...]:
    """The schedule of the job's own definition, and the others of the job as this version lets them fire."""
    by_id = {schedule.id: schedule for schedule in old}
    own = job_schedule(job, by_id.pop(job.job_id, None), job.updated_at)
    others = (entry_schedule(job, each.spec, each.id, each.source, each, job.updated_at) for each in by_id.values())
    return (*others, *([] if own is None else [own]))
