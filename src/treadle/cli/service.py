"""`python -m treadle.cli.service NAME`: the process of one service, set up by its environment.

Commands become such a process instead of calling the service: what parses a command line would lie in its memory for
as long as it runs. For the same reason each service is imported only where it is the one to run.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine
from typing import Final

from treadle import servicelog
from treadle.cli.exits import exit_for
from treadle.cli.output import complain
from treadle.domain.errors import TreadleError
from treadle.settings import Settings, load_settings

SERVICES: Final = ("api", "scheduler", "worker")


def main() -> None:
    """Run the service until it is told to end. Exits with what the error means where it cannot run."""
    name = sys.argv[1]
    try:
        settings = load_settings(os.environ)
        servicelog.configure(name, settings.log_level)
        asyncio.run(_service(name, settings))
    except TreadleError as error:
        complain(error)
        sys.exit(exit_for(error))


def _service(name: str, settings: Settings) -> Coroutine[object, object, None]:
    match name:
        case "scheduler":
            from treadle.scheduler.main import run

            return run(settings)
        case "worker":
            from treadle.worker.main import run

            return run(settings)
    raise ValueError(f"{name} is none of {', '.join(SERVICES)}")


if __name__ == "__main__":
    main()
