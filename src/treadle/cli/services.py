"""`treadle up`, `daemon`, `api`, `scheduler`, `worker`: this process becomes what they name.

It is replaced and not called: what parses a command line would lie in the memory of a service for as long as it runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
from cyclopts import Parameter

from treadle.cli.supervisor import Orders
from treadle.domain.errors import InvalidInput, Problem
from treadle.settings import Settings, load_settings, to_environment

Demo = Annotated[bool, Parameter(negative="--no-demo")]


def up(
    *,
    host: str | None = None,
    port: int | None = None,
    data: str | None = None,
    db: str | None = None,
    tasks: str | None = None,
    concurrency: int | None = None,
    config: Path | None = None,
    demo: Demo = True,
    reload: bool = False,
) -> NoReturn:
    """Starts everything on one machine: API, scheduler and worker. Ctrl-C stops.

    Example: treadle up --port 8080

    Parameters
    ----------
    host
        Address to listen on; 127.0.0.1 by default.
    port
        Port to listen on; 8000 by default, 0 for a free one.
    data
        Folder of the database and the local token; .treadle by default.
    db
        Where the database is, such as postgresql://treadle@localhost/treadle; a SQLite file in the data folder by
        default. A password belongs into TREADLE_DATABASE_URL, which says the same.
    tasks
        Folder of task files; tasks by default.
    concurrency
        Runs at once; 5 by default.
    config
        A scheduler.yaml whose schedules are registered.
    demo
        Define a small demo job where no job is defined yet.
    reload
        Take up task files whenever they change; what runs ends with the code that it began with.
    """
    from treadle.api.tokens import check_exposure, check_strength

    settings = _settings(host=host, port=port, data=data, database_url=db, tasks=tasks, concurrency=concurrency)
    check_exposure(settings)
    if settings.admin_token:
        check_strength(settings.admin_token)
    if config is not None and not config.is_file():
        raise InvalidInput(f"--config {config}: there is no such file")
    orders = Orders(
        data=settings.data,
        host=settings.host,
        port=settings.port,
        grace=settings.grace_sec,
        config="" if config is None else str(config.absolute()),
        demo=demo,
        reload=reload,
    )
    _become("treadle.cli.supervisor", [msgspec.json.encode(orders._asdict()).decode()], settings)


def daemon(*, config: Path = Path("scheduler.yaml"), data: str | None = None) -> NoReturn:
    """Starts everything, with the schedules of a scheduler.yaml.

    Example: treadle daemon --config scheduler.yaml

    Parameters
    ----------
    config
        Its path; scheduler.yaml by default.
    data
        Folder of the database and the local token.
    """
    up(data=data, config=config, demo=False)


def api(*, host: str | None = None, port: int | None = None, data: str | None = None) -> NoReturn:
    """Runs the HTTP API alone.

    Example: treadle api --port 8080

    Parameters
    ----------
    host
        Address to listen on; 127.0.0.1 by default.
    port
        Port to listen on; 8000 by default, 0 for a free one.
    data
        Folder of the database and the local token; .treadle by default.
    """
    _become_service("api", _settings(host=host, port=port, data=data))


def scheduler(*, data: str | None = None) -> NoReturn:
    """Runs a scheduler alone. There may be several.

    Example: treadle scheduler

    Parameters
    ----------
    data
        Folder of the database; .treadle by default.
    """
    _become_service("scheduler", _settings(data=data))


def worker(
    *,
    data: str | None = None,
    tasks: str | None = None,
    concurrency: int | None = None,
    processes: int | None = None,
    queues: str | None = None,
    domains: str | None = None,
    tags: str | None = None,
) -> NoReturn:
    """Runs a worker alone. There may be several. Without a folder of task files it runs programs, and no handlers.

    Example: treadle worker --queues default,reports --concurrency 10

    Parameters
    ----------
    data
        Folder of the database; .treadle by default.
    tasks
        Folder of task files; tasks by default.
    concurrency
        Runs at once in each process; 5 by default.
    processes
        Processes that run the jobs; 1 by default.
    queues
        Queues to take runs from, separated by commas; all by default.
    domains
        Domains to serve, separated by commas, * for all; the one of TREADLE_DOMAIN by default.
    tags
        Tags that jobs may ask for by their affinity, separated by commas.
    """
    from treadle.cli.project import say_missing_folders

    settings = _settings(
        data=data,
        tasks=tasks,
        concurrency=concurrency,
        processes=processes,
        queues=queues,
        domains=domains,
        tags=tags,
    )
    say_missing_folders(settings)
    _become_service("worker", settings)


def register(*, tasks: str | None = None, config: Path | None = None, data: str | None = None) -> NoReturn:
    """Registers the jobs of task files, straight in the database: for a fleet, once for each release.

    What the files declare no more is removed; what people changed since a file was read last stays.

    Parameters
    ----------
    tasks
        Folder of task files; tasks by default.
    config
        A scheduler.yaml whose schedules are registered too.
    data
        Folder of the database, where it is SQLite; .treadle by default.
    """
    settings = _settings(tasks=tasks, data=data)
    if missing := [str(folder) for folder in settings.task_folders if not folder.is_dir()]:
        raise InvalidInput([Problem("/tasks", f"there is no folder {', '.join(missing)}")])
    _become("treadle.cli.service", ["register"] + ([] if config is None else [str(config)]), settings, safe_path=False)


def _settings(**options: object) -> Settings:
    """The settings of the environment and the options, with folders that hold wherever a process stands."""
    from treadle.cli.project import with_project

    settings = with_project(load_settings(os.environ, **options), options.get("tasks"))
    tasks = os.pathsep.join(str(folder.absolute()) for folder in settings.task_folders)
    return msgspec.structs.replace(settings, data=str(Path(settings.data).absolute()), tasks=tasks)


def _become_service(name: str, settings: Settings) -> NoReturn:
    _become("treadle.cli.service", [name], settings)


def _become(module: str, arguments: Sequence[str], settings: Settings, *, safe_path: bool = True) -> NoReturn:
    """Be that module from now on; `safe_path` keeps the working folder off the path that modules are imported from."""
    sys.stdout.flush()
    sys.stderr.flush()
    environment = {**os.environ, **to_environment(settings)}
    options = ["-P"] if safe_path else []
    os.execve(sys.executable, [sys.executable, *options, "-m", module, *arguments], environment)  # noqa: S606
