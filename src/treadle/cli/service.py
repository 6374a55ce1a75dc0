"""`python -m treadle.cli.service NAME`: the process of one service, set up by its environment.

Commands become such a process instead of calling the service: what parses a command line would lie in its memory for
as long as it runs. For the same reason each service is imported only where it is the one to run. Beside the services
there are the errands of `treadle up` and `treadle doctor`, which need what those must not hold, or may not survive.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

from msgspec.structs import replace

from treadle import servicelog, tracing
from treadle.cli.exits import Exit, exit_for
from treadle.cli.output import complain, say, write_json
from treadle.domain.errors import TreadleError
from treadle.settings import Settings, load_settings


def main() -> NoReturn:
    """Run the service until it is told to end. Exits with what the error means where it cannot run."""
    name, *arguments = sys.argv[1:]
    code = Exit.OK
    try:
        settings = load_settings(os.environ)
        servicelog.configure(name, settings.log_level, settings.log_format, os.environ)
        if name in ("api", "scheduler"):
            tracing.set_up(name, settings.traces_url)
        ROLES[name](settings, arguments)
        tracing.shut_down()
    except TreadleError as error:
        complain(error)
        code = exit_for(error)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # at once: the threads that people's code has left behind are waited for by nobody


def api(settings: Settings, arguments: list[str]) -> None:
    """The HTTP API; with an argument on the socket of that descriptor, which its parent has bound and tells of."""
    import socket

    from treadle.api.server import Listening, serve
    from treadle.client.remote.note import find_note, leave_note, take_note_back, url_here

    def announce(listening: Listening) -> None:
        if arguments:
            return
        if find_note(settings.data) is None:  # else another answers for this folder already
            here = url_here(listening.host, listening.port, secure=listening.scheme == "https")
            leave_note(settings.data, here, settings.tls_cert)
        say(f"the API answers at {listening.url}")
        if listening.token.made:
            say(f"the administrator's token, shown this once: {listening.token.value}")

    try:
        serve(settings, announce, socket.socket(fileno=int(arguments[0])) if arguments else None)
    finally:
        take_note_back(settings.data)


def scheduler(settings: Settings, arguments: list[str]) -> None:
    """A scheduler; with an argument beside an API, which tells its metrics."""
    from treadle.scheduler.main import run

    asyncio.run(run(_beside(settings, arguments)))


def worker(settings: Settings, arguments: list[str]) -> None:
    """A worker's parent; with an argument beside an API, which tells its metrics."""
    from treadle.worker.main import run

    asyncio.run(run(_beside(settings, arguments)))


def prepare(settings: Settings, arguments: list[str]) -> None:
    """What `treadle up` needs before the services start."""
    from treadle.cli.registering import prepare as make_ready

    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path)
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--url", default="")
    given = parser.parse_args(arguments)
    make_ready(settings, config=given.config, demo=given.demo, url=given.url)


def register(settings: Settings, arguments: list[str]) -> None:
    """Register what the task files, and a scheduler.yaml where one is named, say now."""
    from treadle.cli.registering import register as register_files

    register_files(settings, config=Path(arguments[0]) if arguments else None)


def watch(settings: Settings, arguments: list[str]) -> None:
    """Watch the task files, and let the parent know when others are registered."""
    from treadle.cli.reloading import watch_files

    watch_files(settings.task_folders)


def record(settings: Settings, arguments: list[str]) -> None:
    """Write the event that a service has ended and is started again."""
    from treadle.domain.events import NewEvent
    from treadle.domain.json import encode
    from treadle.engines.open import open_engine
    from treadle.system import SystemClock

    service, how = arguments

    async def append() -> None:
        engine = await open_engine(settings.engine_url, SystemClock())
        data = encode({"how": how})
        event = NewEvent(domain=settings.domain, type="service.restarted", subject=service, at=engine.now(), data=data)
        try:
            await engine.events.append([event])
        finally:
            await engine.close()

    asyncio.run(append())


def tasks(settings: Settings, arguments: list[str]) -> None:
    """Print, as the last line of standard output, what the task files hold."""
    from treadle.authoring.discovery import discover

    found = discover(*settings.task_folders)
    jobs = [handler.spec.job_id for handler in found.registry]
    write_json({"jobs": jobs, "failures": [failure._asdict() for failure in found.failures]})


def _beside(settings: Settings, arguments: list[str]) -> Settings:
    """Settings under which the port for metrics is left to the API, if there is one beside."""
    return replace(settings, metrics_port=0) if arguments else settings


ROLES: Final[dict[str, Callable[[Settings, list[str]], None]]] = {
    role.__name__: role for role in (api, scheduler, worker, prepare, register, watch, record, tasks)
}

if __name__ == "__main__":
    main()
