"""Trials of a job: a scratch engine with a worker at work on it, and runs that are killed where they are told to be."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct, structs

from treadle.authoring.registry import Registry
from treadle.bootstrap import Services, open_services
from treadle.client.asynchronous import AsyncClient
from treadle.domain.chains import Chain
from treadle.domain.errors import InvalidInput
from treadle.domain.jobs import JobSpec
from treadle.domain.kv import Scope, Space
from treadle.domain.runs import LIVE, TERMINAL, Run
from treadle.domain.waits import FAMILY
from treadle.engines.contract import RunQuery
from treadle.executors.probe import Orders, Point, orders_file, points_file
from treadle.proving.effects import Effects, What, files, gather
from treadle.proving.recorder import Recorder
from treadle.proving.worker import worker_at_work, worker_is_there
from treadle.services.sources import Declared
from treadle.settings import Settings

SLOTS: Final = 4
"""Trials at once."""

_SOURCE: Final = "verify"
_READING: Final = frozenset({"GET", "HEAD"})
"""Methods that change nothing, however often they are called."""

_MOST: Final = 10_000


class Setting(Struct, frozen=True, kw_only=True):
    """What each trial begins with.

    `recorder_inputs` and `recorder_variables` name the inputs and the variables that hold the recorder's URL. `publish`
    are events as (name, data). `copies` are files and folders that are in the working folder beforehand, `patterns`
    choose the files in it that count. `timeout` is in seconds.
    """

    job_id: str
    inputs: Mapping[str, Any]
    recorder_inputs: Sequence[str] = ()
    recorder_variables: Sequence[str] = ()
    publish: Sequence[tuple[str, Mapping[str, Any]]] = ()
    copies: Sequence[Path] = ()
    patterns: Sequence[str] = ("**/*",)
    timeout: float = 60.0


class Trial(Struct, frozen=True):
    """What one trial came to: how its run ended, or stands where it did not in time; the points that it passed."""

    run: Run
    effects: Effects
    points: list[Point]
    why: str


class Lab:
    """Where trials are held. Each has a domain of its own, so that they have nothing to do with each other."""

    def __init__(
        self, base: Path, services: Services, registry: Registry, recorder: Recorder, worker: Awaitable[None]
    ) -> None:
        """`worker` is done once there is one."""
        self._worker = worker
        self._base = base
        self._services = services
        self._recorder = recorder
        self._held = count(1)
        self._declared = [Declared(_bare(handler.spec), f"{_SOURCE}/{handler.source}") for handler in registry]
        self._queues = {handler.spec.job_id: handler.spec.queue for handler in registry}

    async def hold(self, setting: Setting, kill_at: int = 0) -> Trial:
        """Run the job to its end, killed once at the point of this number; 0 for not at all.

        Raises InvalidInput as a submit does, and Unavailable where no worker comes.
        """
        name = f"trial-{next(self._held)}"
        url, folder = self._recorder.url(name), self._base / name
        _fill(folder, setting.copies)
        orders = Orders(setting.job_id, str(folder), dict.fromkeys(setting.recorder_variables, url), kill_at)
        orders_file(self._base, name).write_bytes(msgspec.json.encode(orders))
        client = AsyncClient.over(self._services.engine, structs.replace(self._services.settings, domain=name))
        run_id = await self._submit(name, client, setting)
        await self._worker
        try:
            async with asyncio.timeout(setting.timeout):
                await client.wait(run_id)
                while live := await self._live(name):  # what it has submitted is its doing too
                    await client.wait(live[0].id)
        except TimeoutError:
            pass  # how it stands is told
        run, explanation = await self._services.runs.explain(name, run_id)
        hide = {url: "{recorder}", str(folder): "{folder}", run_id: "{run}"}
        found = [*self._calls(name), *files(folder, setting.patterns), *await self._kept(name, run)]
        return Trial(run, gather(found, hide), self._points(name), explanation.message)

    async def _submit(self, name: str, client: AsyncClient, setting: Setting) -> str:
        """The id of the run, which finds the same events each time: none of it begins before all of them are there."""
        await self._services.sources.sync_jobs(name, _SOURCE, self._declared)
        queue = self._queues[setting.job_id]
        await self._services.queues.pause(name, queue)
        recorder = dict.fromkeys(setting.recorder_inputs, self._recorder.url(name))
        run_id = await client.enqueue(setting.job_id, {**setting.inputs, **recorder})
        for event, data in setting.publish:
            await client.publish(event, data)
        await self._services.queues.resume(name, queue)
        return run_id

    async def _live(self, name: str) -> list[Run]:
        query = RunQuery(domain=name, limit=1, states=tuple(LIVE))
        return await self._services.engine.runs.find(query)

    def _calls(self, name: str) -> Iterator[tuple[What, str]]:
        for call in self._recorder.calls(name):
            if call.method not in _READING:
                yield What(f"{call.method} {call.path}", "was called"), call.body

    async def _kept(self, name: str, run: Run) -> list[tuple[What, str]]:
        """What the engine has of it: how it ended, its values, and what it has published and submitted."""
        engine = self._services.engine
        entries = await engine.kv.find(Space(name, Scope.JOB, run.job_id), limit=_MOST)
        events = await engine.events.read(name, after=0, limit=_MOST, types=[FAMILY])
        runs = await engine.runs.find(RunQuery(domain=name, limit=_MOST))
        ended = run.state if run.state in TERMINAL else "not ended in time"
        return [
            (What("the run"), f"{ended}{f' ({run.error.message})' if run.error else ''}"),
            *((What(f"kv {entry.key}"), entry.value.decode()) for entry in entries),
            *(
                (What(f"event {event.type.removeprefix(FAMILY)}", "was published"), event.data.decode())
                for event in events
            ),
            *(
                (What(f"job {each.job_id}", "was submitted"), each.inputs.decode())
                for each in runs
                if each.id != run.id
            ),
        ]

    def _points(self, name: str) -> list[Point]:
        file = points_file(self._base, name)
        lines = file.read_bytes().splitlines() if file.exists() else []
        return [msgspec.json.decode(line, type=Point) for line in lines]


@asynccontextmanager
async def open_lab(base: Path, registry: Registry, tasks: Sequence[Path], recorder: Recorder) -> AsyncIterator[Lab]:
    """A lab on a scratch engine below `base`, with a worker, until the block ends."""
    settings = Settings(
        data=str(base / "data"),
        tasks=os.pathsep.join(str(folder.absolute()) for folder in tasks),
        domains="*",
        concurrency=SLOTS,
        capabilities=",".join(sorted({need for handler in registry for need in handler.needs})),
        grace_sec=1.0,
        log_level="error",
    )
    async with open_services(settings) as services, worker_at_work(base, settings):
        waiting = asyncio.create_task(worker_is_there(services))
        try:
            yield Lab(base, services, registry, recorder, waiting)
        finally:
            waiting.cancel()


def _fill(folder: Path, copies: Sequence[Path]) -> None:
    """Make a working folder. Raises InvalidInput for what cannot be copied into it."""
    folder.mkdir()
    for source in copies:
        try:
            if source.is_dir():
                shutil.copytree(source, folder / source.name)
            else:
                shutil.copy(source, folder)
        except OSError as error:
            raise InvalidInput(f"{source} cannot be copied: {error.strerror}") from error


def _bare(spec: JobSpec) -> JobSpec:
    """A job that runs only when it is asked to, in a process of its own."""
    work = structs.replace(spec.work, isolation="process")
    return structs.replace(spec, work=work, schedule=None, chain=Chain(), debounce=None, unique=None)
