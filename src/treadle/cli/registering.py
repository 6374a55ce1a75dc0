"""What is done before the services start: the database, the token, and the jobs that files define.

This imports people's task files, so it is done in a process of its own, which ends when it is done.
"""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import chain
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from treadle.api.tokens import admin_token
from treadle.authoring.agents import configured
from treadle.authoring.discovery import Discovery, discover
from treadle.authoring.overrides import check_project, override
from treadle.authoring.project import Project, read_project
from treadle.authoring.schedule_file import read_schedules
from treadle.bootstrap import Services, make_data_folder, open_services
from treadle.cli.console import link_to
from treadle.cli.output import say
from treadle.cli.project import say_missing_folders
from treadle.domain.access import ADMIN
from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.instants import MINUTE
from treadle.hosts import is_loopback
from treadle.services.access import LINK_LENGTH
from treadle.services.demo import define_demo
from treadle.services.remembered import Failed
from treadle.services.sources import Changes, Declared
from treadle.settings import Settings


def prepare(settings: Settings, *, config: Path | None, demo: bool, url: str = "") -> None:
    """Make everything ready, and tell of a link into the console at `url`, where that is on this machine.

    Raises InvalidInput for settings, agents or a scheduler.yaml that cannot be used.
    """
    make_data_folder(settings)
    token = admin_token(settings)
    if token.made:
        say(f"the administrator's token, shown this once: {token.value}")
    configured(settings.agents)
    schedules = None if config is None else _read(config)
    folders = [folder for folder in settings.task_folders if folder.is_dir()]
    say_missing_folders(settings)
    found = discover(*folders) if folders else None
    asyncio.run(_register(settings, found, schedules, demo=demo, url=url))


async def _tell_link(services: Services, url: str) -> None:
    link = await services.access.make_link(ADMIN)
    say(f"open this: it logs a browser on this machine in, once, within {LINK_LENGTH // MINUTE} minutes")
    say(link_to(url, link.secret))


class _File(NamedTuple):
    """A scheduler.yaml and what stands in it."""

    path: Path
    data: bytes


def _read(path: Path) -> _File:
    try:
        return _File(path, path.read_bytes())
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error


async def _register(
    settings: Settings, found: Discovery | None, schedules: _File | None, *, demo: bool, url: str
) -> None:
    async with open_services(settings) as services:
        if found is not None:
            await _register_tasks(services, found)
        if schedules is not None:
            await _register_schedules(services, schedules)
        if demo and await define_demo(services.engine, services.jobs, settings.domain):
            say("defined the job demo-heartbeat, which runs every ten seconds; --no-demo leaves it out")
        if is_loopback(urlsplit(url).hostname or ""):  # from elsewhere the link would be refused
            await _tell_link(services, url)


def register(settings: Settings, *, config: Path | None) -> None:
    """Register what the task files and a scheduler.yaml say now. Raises InvalidInput where a task file that was of use
    is so no more, or the scheduler.yaml is of none: nothing is changed then, and the code of before goes on.
    """
    schedules = None if config is None else _read(config)
    found = discover(*(folder for folder in settings.task_folders if folder.is_dir()))

    async def sync() -> None:
        async with open_services(settings) as services:
            sources = services.sources
            broken = [
                failed
                for name, failures in _failures(settings, found).items()
                for failed in await sources.broken_since(settings.domain, name, failures)
            ]
            if broken:
                sys.stderr.write("".join(failed.traceback for failed in broken))
                raise InvalidInput([Problem(failed.file, f"cannot be used: {failed.message}") for failed in broken])
            await _register_tasks(services, found)
            if schedules is not None:
                await _register_schedules(services, schedules)

    asyncio.run(sync())


async def _register_tasks(services: Services, found: Discovery) -> None:
    settings = services.settings
    declared = overridden(found, read_project(Path.cwd()))
    failures = _failures(settings, found)
    for failed in chain.from_iterable(failures.values()):
        say(f"{failed.file} cannot be used, so its jobs stay as they were: {failed.message}")
        sys.stderr.write(failed.traceback)

    async def sync(name: str) -> tuple[Failed, ...]:
        of_folder = [each for each in declared if each.source.startswith(f"{name}/")]
        changes = await services.sources.sync_jobs(settings.domain, name, of_folder, failures=failures[name])
        _tell("job", changes, name)
        return changes.refused

    refused = [name for name in failures if await sync(name)]
    for name in reversed(refused):  # they may depend on jobs of folders that come after theirs
        for failed in await sync(name):
            say(failed.message)


def _failures(settings: Settings, found: Discovery) -> dict[str, list[Failed]]:
    """The files that cannot be used, by the name of their folder."""
    failed = [Failed(each.file, each.message, each.detail) for each in found.failures]
    names = [folder.resolve().name for folder in settings.task_folders]
    return {name: [each for each in failed if each.file.startswith(f"{name}/")] for name in names}


def overridden(found: Discovery, project: Project) -> list[Declared]:
    """The jobs of task files, as the environment and the project's file want them."""
    for problem in check_project(project.jobs, [handler.spec.job_id for handler in found.registry]):
        say(str(problem))
    overridden = ((handler, override(handler.spec, os.environ, project.jobs)) for handler in found.registry)
    return [Declared(job.spec, handler.source, job.origins) for handler, job in overridden]


async def _register_schedules(services: Services, file: _File) -> None:
    domain, name = services.settings.domain, file.path.name
    jobs = [job.job_id async for job in services.jobs.all(domain)]
    schedules = read_schedules(file.data, file=name, jobs=jobs)
    _tell("schedule", await services.sources.sync_schedules(domain, name, schedules), str(file.path))


def _tell(what: str, changes: Changes, where: str) -> None:
    if changes.defined:
        say(f"{len(changes.defined)} new or changed {what}s in {where}: {', '.join(changes.defined)}")
    if changes.removed:
        say(f"{len(changes.removed)} {what}s are no longer in {where} and were removed: {', '.join(changes.removed)}")
