"""Sources: definitions that come from files. What a file said last is remembered, and only what it says anew is done.

So a job that people switched off or edited stays as they left it until its file changes, and a start without a change
writes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from treadle.authoring.schedule_file import FileSchedule
from treadle.domain.errors import Conflict, InvalidInput, NotFound, Problem, StaleVersion
from treadle.domain.events import NewEvent
from treadle.domain.inputs import input_problems
from treadle.domain.jobs import Job, JobSpec, entry_schedule
from treadle.domain.jobs.origins import told_source
from treadle.engines.contract import Engine, Save
from treadle.services.jobs import Jobs
from treadle.services.remembered import KIND, Failed, Remembered, remembered, to_remembered

_MOST_RACES: Final = 10


class Declared(Struct, frozen=True):
    """A job as a file declares it; `source` is its place, such as `tasks/report.py:12`.

    `origins` says which of its values come from elsewhere, and from where: `enabled` from `REPORT_ENABLED`.
    """

    spec: JobSpec
    source: str
    origins: dict[str, str] = {}

    @property
    def told(self) -> str:
        """Where it comes from, in one line."""
        return told_source(self.source, self.origins)

    @property
    def digest(self) -> str:
        """What tells it from what the file said before."""
        return _digest((self.spec, self.origins) if self.origins else self.spec)


class Changes(Struct, frozen=True):
    """The ids of what a sync defined and removed, and the files of jobs that could not be defined, each with why."""

    defined: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    refused: tuple[Failed, ...] = ()


class Source(Struct, frozen=True):
    """A source as it was read last: the ids of its jobs, and the files that could not be used."""

    name: str
    jobs: list[str]
    failures: tuple[Failed, ...]


_encoder: Final = msgspec.json.Encoder(order="sorted")


class Sources:
    """The use cases of sources."""

    def __init__(self, engine: Engine, jobs: Jobs) -> None:
        self._engine = engine
        self._jobs = jobs

    async def all(self, domain: str) -> list[Source]:
        """Every source, by name."""
        documents = await self._engine.documents.find(domain, KIND)
        read = ((document.id, to_remembered(document)) for document in documents)
        return [Source(name, sorted(said.jobs), said.failures) for name, said in read]

    async def broken_since(self, domain: str, source: str, failures: Sequence[Failed]) -> list[Failed]:
        """Those of some files that cannot be used which could be when the source was read last. They are remembered."""
        before = await remembered(self._engine, domain, source)
        files = {file for file, _ in before.jobs.values()}
        broken = [failed for failed in failures if failed.file in files]
        if broken:
            await self._remember(domain, source, replace(before, failures=tuple(failures)), before=before)
        return broken

    async def sync_jobs(
        self, domain: str, source: str, declared: Sequence[Declared], *, failures: Sequence[Failed] = ()
    ) -> Changes:
        """Define what the files of a source declare anew, and remove what they declare no more.

        The jobs of files that cannot be used now stay as they are, and so does one that cannot be defined or
        removed: it depends on a job that is not there or makes a circle with others, or another depends on it.
        """
        stood = await remembered(self._engine, domain, source)
        before, unreadable = stood.jobs, {failed.file for failed in failures}
        now = {each.spec.job_id: (_file(each.source), each.digest) for each in declared}
        defined = [each for each in declared if before.get(each.spec.job_id) != now[each.spec.job_id]]
        defined += [
            each for each in declared if each not in defined and await self._jobs.find(domain, each.spec.job_id) is None
        ]
        refused = await self._define(domain, defined)
        gone = [id_ for id_, (file, _) in before.items() if id_ not in now and file not in unreadable]
        refused |= await self._remove(domain, {id_: before[id_][0] for id_ in gone})
        now = {id_: last for id_, last in now.items() if id_ not in refused}
        kept = {id_: last for id_, last in before.items() if id_ not in now and (id_ in refused or id_ not in gone)}
        ruled = {each.spec.job_id for each in declared if each.spec.work.retry.custom} | (stood.ruled & kept.keys())
        failed = (*failures, *refused.values())
        said = Remembered(jobs={**kept, **now}, ruled=frozenset(ruled), failures=failed)
        await self._remember(domain, source, said, before=stood)
        done = tuple(each.spec.job_id for each in defined if each.spec.job_id not in refused)
        return Changes(done, tuple(id_ for id_ in gone if id_ not in refused), tuple(refused.values()))

    async def _define(self, domain: str, declared: Sequence[Declared]) -> dict[str, Failed]:
        """Define jobs; answers those that cannot be, by their ids."""
        order, refused = _without_circles(declared)
        for each in order:
            try:
                await self._jobs.define(domain, each.spec, source=each.told)
            except InvalidInput as error:
                message = f'the job "{each.spec.job_id}" at {each.source} cannot be defined: {error.message}'
                refused[each.spec.job_id] = Failed(_file(each.source), message, "")
        return refused

    async def _remove(self, domain: str, files: Mapping[str, str]) -> dict[str, Failed]:
        """Remove jobs, of which each has the file that declared it; answers those that cannot be, by their ids."""
        refused = {}
        for job_id in await self._last_first(domain, list(files)):
            try:
                with suppress(NotFound):  # somebody has deleted it already
                    await self._jobs.delete(domain, job_id)
            except Conflict as error:
                message = f'the job "{job_id}" is declared no more, but cannot be removed: {error.message}'
                refused[job_id] = Failed(files[job_id], message, "")
        return refused

    async def _last_first(self, domain: str, job_ids: Sequence[str]) -> list[str]:
        """Jobs in an order in which each goes before those that it names."""
        jobs = [job for job_id in job_ids if (job := await self._jobs.find(domain, job_id)) is not None]
        return [each.spec.job_id for each in reversed(_in_order([Declared(job.spec, job.source) for job in jobs]))]

    async def sync_schedules(self, domain: str, source: str, schedules: Sequence[FileSchedule]) -> Changes:
        """Give jobs the schedules that a file names, and take away those that it names no more.

        Raises Conflict where others change the same schedules all the time, NotFound where a job is gone, and
        InvalidInput where the inputs of a schedule do not fit its job's schema.
        """
        for _ in range(_MOST_RACES):
            with suppress(StaleVersion):  # one has just fired: look again
                return await self._try_schedules(domain, source, schedules)
        raise Conflict(f"the schedules of {source} are being changed by others all the time: try again")

    async def _try_schedules(self, domain: str, source: str, schedules: Sequence[FileSchedule]) -> Changes:
        before = await remembered(self._engine, domain, source)
        said = {each.schedule_id: (each.job_id, _digest((each.spec, each.source))) for each in schedules}
        standing = {
            each.id: each for each in await self._engine.schedules.get(domain, sorted({*before.schedules, *said}))
        }
        if said == before.schedules and standing.keys() == said.keys():
            return Changes()
        now = self._engine.now()
        jobs = {job_id: await self._jobs.get(domain, job_id) for job_id in sorted({each.job_id for each in schedules})}
        _check_inputs(jobs, schedules)
        await self._engine.documents.save(
            Save(
                domain=domain,
                kind=KIND,
                id=source,
                body=_encoder.encode(Remembered(schedules=said)),
                at=now,
                schedules=tuple(
                    entry_schedule(
                        jobs[each.job_id], each.spec, each.schedule_id, each.source, standing.get(each.schedule_id), now
                    )
                    for each in schedules
                ),
                replaces=tuple(standing.values()),
                events=(NewEvent(domain=domain, type="source.changed", subject=source, at=now),),
            )
        )
        defined = [id_ for id_, what in said.items() if before.schedules.get(id_) != what]
        return Changes(tuple(defined), tuple(id_ for id_ in before.schedules if id_ not in said))

    async def _remember(self, domain: str, source: str, said: Remembered, *, before: Remembered) -> None:
        if said != before:
            now = self._engine.now()
            event = NewEvent(domain=domain, type="source.changed", subject=source, at=now)
            await self._engine.documents.save(
                Save(domain=domain, kind=KIND, id=source, body=_encoder.encode(said), at=now, events=(event,))
            )


def _check_inputs(jobs: Mapping[str, Job], schedules: Sequence[FileSchedule]) -> None:
    problems = [
        Problem(fault.pointer, f"of the schedule of {each.job_id} in {each.source}: {fault.message}", fault.code)
        for each in schedules
        for job in [jobs[each.job_id]]
        for fault in input_problems(job.inputs_schema, {**job.inputs, **each.spec.inputs})
    ]
    if problems:
        raise InvalidInput(problems)


def _without_circles(declared: Sequence[Declared]) -> tuple[list[Declared], dict[str, Failed]]:
    """Jobs in an order in which each comes after those that it names; and by their ids those that make a circle."""
    by_id = {each.spec.job_id: each for each in declared}
    refused: dict[str, Failed] = {}
    while True:
        try:
            return _in_order([each for id_, each in by_id.items() if id_ not in refused]), refused
        except CycleError as error:
            circle = " -> ".join(reversed(error.args[1]))
            for job_id in error.args[1]:
                source = by_id[job_id].source
                message = f'the job "{job_id}" at {source} cannot be defined: it and others make a circle: {circle}'
                refused[job_id] = Failed(_file(source), message, "")


def _in_order(declared: Sequence[Declared]) -> list[Declared]:
    """Jobs in an order in which each comes after those that it names. Raises CycleError for a circle."""
    by_id = {each.spec.job_id: each for each in declared}
    links = {job_id: each.spec.chain.links for job_id, each in by_id.items()}
    order = list(
        TopologicalSorter({id_: (*each.dependencies, *each.after) for id_, each in links.items()}).static_order()
    )
    return [by_id[job_id] for job_id in order if job_id in by_id]


def _file(source: str) -> str:
    """The file of a place: `tasks/report.py` of `tasks/report.py:12`."""
    return source.rpartition(":")[0]


def _digest(said: object) -> str:
    return hashlib.sha256(_encoder.encode(said)).hexdigest()
