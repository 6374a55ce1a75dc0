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

SUMMARY: Final = "One job platform: schedules, queues, runs and remembers jobs."

COMMANDS: Final = {
    "Start": {
        "init": ("treadle.cli.init:init", "Begin a project: a folder of task files, a first job, and its test."),
        "up": ("treadle.cli.services:up", "Start everything on one SQLite file."),
        "down": ("treadle.cli.down:down", "End what `treadle up` runs."),
        "status": ("treadle.cli.status:status", "How the server and its workers are."),
        "doctor": ("treadle.cli.doctor:doctor", "Check this installation, and say what to do."),
    },
    "Work": {
        "job": ("treadle.cli.job:app", "Jobs: what to run, and running it."),
        "run": ("treadle.cli.run:app", "Runs: the executions of jobs."),
        "group": ("treadle.cli.group:app", "Groups: a run for each of many inputs, and one that joins them."),
        "schedule": ("treadle.cli.schedule:app", "When jobs fire."),
        "event": ("treadle.cli.event:app", "Events: publishing what runs wait for."),
        "message": ("treadle.cli.message:app", "Messages: what is put for jobs to take."),
    },
    "Operate": {
        "top": ("treadle.cli.top:top", "Everything at a glance, live: retry, cancel, pause by a key."),
        "stats": ("treadle.cli.stats:stats", "How runs ended lately, how long they took, and how the live ones stand."),
        "history": ("treadle.cli.history:history", "Runs that have ended."),
        "queue": ("treadle.cli.queue:app", "Queues: how they are; pause, resume, drain."),
        "lane": ("treadle.cli.lane:app", "Lanes: how many runs may be active at once, and who is."),
        "dlq": ("treadle.cli.dlq:app", "Dead letters: failed runs to retry or discard."),
        "worker": ("treadle.cli.worker:app", "Run a worker alone; list, drain, disable and enable workers."),
    },
    "Rule": {
        "domain": ("treadle.cli.domain:app", "Domains: teams that see nothing of each other."),
        "token": ("treadle.cli.token:app", "Tokens: what programs call the API with."),
        "user": ("treadle.cli.user:app", "Users: who logs in with a password."),
        "audit": ("treadle.cli.audit:app", "The audit log: who changed what."),
    },
    "Serve": {
        "api": ("treadle.cli.api:api", "Run the HTTP API alone; or call it: api GET /jobs."),
        "scheduler": ("treadle.cli.services:scheduler", "Run a scheduler alone."),
        "backup": ("treadle.cli.backup:backup", "Copy the database while work goes on."),
        "migrate": ("treadle.cli.migrate:migrate", "Move everything to PostgreSQL, while work goes on."),
    },
    "Connect": {
        "console": ("treadle.cli.console:console", "Print a link that logs a browser in to the console."),
        "login": ("treadle.cli.login:login", "Log in to a server elsewhere, and use it from now on."),
        "logout": ("treadle.cli.login:logout", "Forget the token of a server."),
        "profile": ("treadle.cli.profile:app", "Profiles: the servers that were logged in to."),
        "config": ("treadle.cli.config:app", "The configuration of the command line."),
        "completion": ("treadle.cli.completion:completion", "Print what lets a shell complete commands."),
    },
}
"""By what they are for: the name, where its `App` or function lies, and its line in the list of commands."""

ALIASES: Final = {
    "daemon": "treadle.cli.services:daemon",
    "executions": "treadle.cli.aliases:executions",
    "list": "treadle.cli.job:list_jobs",
    "queue:cancel": "treadle.cli.run:cancel",
    "queue:dlq": "treadle.cli.dlq:list_letters",
    "queue:drain": "treadle.cli.aliases:drain",
    "queue:enqueue": "treadle.cli.aliases:enqueue",
    "queue:list": "treadle.cli.aliases:list_queued",
    "queue:pause": "treadle.cli.aliases:pause",
    "queue:resume": "treadle.cli.aliases:resume",
    "queue:retry": "treadle.cli.dlq:retry",
    "queue:start": "treadle.cli.services:worker",
    "queue:status": "treadle.cli.queue:list_queues",
    "schedules": "treadle.cli.aliases:schedules",
}
"""Other spellings, which answer without being listed."""

_FOR_HELP: Final = (["--help"], ["-h"], ["help"])


def main() -> None:
    """Runs the command line that the process was started with, and ends the process."""
    # One that was closed is None: nobody listens.
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Runs one command line; returns its exit code."""
    try:
        code = _answer(list(arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        from treadle.cli.exits import Exit

        _write_nothing_more()
        return Exit.BROKEN_PIPE
    except OSError as error:
        from treadle.cli.exits import Exit
        from treadle.cli.output import say

        _write_nothing_more()
        say(f"{error.filename or 'the output'} cannot be used: {error.strerror or error}")
        return Exit.OUTPUT
    return code


def _answer(arguments: list[str]) -> int:
    if arguments == ["--version"]:  # answered before anything is imported: scripts ask it often
        sys.stdout.write(f"{__version__}\n")
        return 0
    if not arguments or arguments in _FOR_HELP:
        write_help()
        return 0

    from cyclopts import CycloptsError, UnusedCliTokensError

    from treadle.cli.exits import Exit, exit_for
    from treadle.cli.output import complain, say
    from treadle.domain.errors import TreadleError

    try:
        result = build_app()(arguments)
    except UnusedCliTokensError as error:
        say(f"there is no place for {' '.join(error.unused_tokens or ())!r}: see --help")
        return Exit.USAGE
    except CycloptsError as error:
        say(str(error).strip())
        return Exit.USAGE
    except TreadleError as error:
        complain(error)
        return exit_for(error)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return Exit.OK if result is None else int(result)


def _write_nothing_more() -> None:
    """The interpreter flushes once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_help() -> None:
    """The list of commands: known here, so that nothing need be imported to tell it."""
    width = max(len(name) for commands in COMMANDS.values() for name in commands)
    parts = [f"Usage: treadle COMMAND\n\n{SUMMARY}\n"]
    for group, commands in COMMANDS.items():
        parts.append(f"\n{group}:\n")
        parts += [f"  {name.ljust(width)}  {summary}\n" for name, (_, summary) in commands.items()]
    parts.append("\n`treadle COMMAND --help` tells more of each; `treadle --version` tells the version.\n")
    sys.stdout.writelines(parts)


def build_app() -> App:
    """The whole command line, with nothing imported yet of what it can do."""
    from cyclopts import App, Parameter

    from treadle.cli.help import HelpFormatter

    app = App(
        name="treadle",
        help=SUMMARY,
        version=__version__,
        version_flags=["--version"],
        help_format="plaintext",
        help_formatter=HelpFormatter(),
        default_parameter=Parameter(negative=()),
        result_action="return_value",
        print_error=False,
        exit_on_error=False,
        suppress_keyboard_interrupt=False,
    )
    for commands in COMMANDS.values():
        for name, (import_path, _) in commands.items():
            app.command(import_path, name=name)
    for name, import_path in ALIASES.items():
        app.command(import_path, name=name, show=False)
    return app
