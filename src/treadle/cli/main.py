"""The entry point `treadle`.

A command is registered here by where it lies, and imported only when it is called: the start of the others costs it
nothing. A noun's module holds a `cyclopts.App` named as the noun; a command of its own, a function. Either returns an
`Exit`, or None for OK, and raises errors of `treadle.domain.errors`, which are translated in `run`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from treadle import __version__

if TYPE_CHECKING:
    from cyclopts import App

COMMANDS: Final = {
    "up": ("treadle.cli.services:up", "Start everything on one SQLite file."),
    "status": ("treadle.cli.status:status", "How the server and its workers are."),
    "job": ("treadle.cli.job:app", "Jobs: what to run, and running it."),
    "run": ("treadle.cli.run:app", "Runs: the executions of jobs."),
    "group": ("treadle.cli.group:app", "Groups: a run for each of many inputs, and one that joins them."),
    "schedule": ("treadle.cli.schedule:app", "When jobs fire."),
    "event": ("treadle.cli.event:app", "Events: publishing what runs wait for."),
    "message": ("treadle.cli.message:app", "Messages: what is put for jobs to take."),
    "queue": ("treadle.cli.queue:app", "Queues: how they are; pause, resume, drain."),
    "lane": ("treadle.cli.lane:app", "Lanes: how many runs may be active at once, and who is."),
    "dlq": ("treadle.cli.dlq:app", "Dead letters: failed runs to retry or discard."),
    "domain": ("treadle.cli.domain:app", "Domains: how they share workers."),
    "backup": ("treadle.cli.backup:backup", "Copy the database while work goes on."),
    "migrate": ("treadle.cli.migrate:migrate", "Move everything to PostgreSQL, while work goes on."),
    "doctor": ("treadle.cli.doctor:doctor", "Check this installation, and say what to do."),
    "api": ("treadle.cli.services:api", "Run the HTTP API alone."),
    "scheduler": ("treadle.cli.services:scheduler", "Run a scheduler alone."),
    "worker": ("treadle.cli.worker:app", "Run a worker alone; list, drain, disable and enable workers."),
}
"""Name: where its `App` or function lies, and its line in the list of commands."""

ALIASES: Final = {
    "daemon": "treadle.cli.services:daemon",
    "list": "treadle.cli.job:list_jobs",
    "schedules": "treadle.cli.schedule:list_schedules",
}
"""Other spellings, which answer without being listed."""


def main() -> None:
    """Runs the command line that the process was started with, and ends the process."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Runs one command line; returns its exit code."""
    if list(arguments) == ["--version"]:  # answered before anything is imported: scripts ask it often
        sys.stdout.write(f"{__version__}\n")
        return 0

    from cyclopts import CycloptsError

    from treadle.cli.exits import Exit, exit_for
    from treadle.cli.output import complain, say
    from treadle.domain.errors import TreadleError

    try:
        result = build_app()(arguments)
        sys.stdout.flush()
    except CycloptsError as error:
        say(str(error).strip())
        return Exit.USAGE
    except TreadleError as error:
        complain(error)
        return exit_for(error)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes once more at its end
        return Exit.BROKEN_PIPE
    return Exit.OK if result is None else int(result)


def build_app() -> App:
    """The whole command line, with nothing imported yet of what it can do."""
    from cyclopts import App, Parameter

    app = App(
        name="treadle",
        help="One job platform: schedules, queues, runs and remembers jobs.",
        version=__version__,
        version_flags=["--version"],
        help_formatter="plain",
        default_parameter=Parameter(negative=()),
        result_action="return_value",
        print_error=False,
        exit_on_error=False,
        suppress_keyboard_interrupt=False,
    )
    for name, (import_path, summary) in COMMANDS.items():
        app.command(import_path, name=name, help=summary)
    for name, import_path in ALIASES.items():
        app.command(import_path, name=name, show=False)
    return app
