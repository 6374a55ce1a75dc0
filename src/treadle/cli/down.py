"""`treadle down`: ends what `treadle up` started."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from treadle.cli.exits import Exit
from treadle.cli.options import AsJson, Data, seconds
from treadle.cli.output import say, write_json
from treadle.client.remote.place import DEFAULT_DATA
from treadle.domain.errors import Unavailable

_LOOK_SECONDS: Final = 0.05


def down(
    *,
    data: Data = None,
    timeout: Annotated[
        str | None, Parameter(help="How long to wait for its end, such as 90s; then exit 124. It goes on ending.")
    ] = None,
    json: AsJson = False,
) -> Exit:
    """Ends what `treadle up` runs on a data folder, as Ctrl-C there does, and waits until all of it has ended.

    Example: treadle down --timeout 60s
    """
    folder = Path(data or os.environ.get("TREADLE_DATA") or DEFAULT_DATA)
    limit = seconds(timeout)
    if (process := _holder(folder)) is None:
        raise Unavailable(f"no `treadle up` runs on the data folder {folder}: name its folder by --data")
    with suppress(ProcessLookupError):  # it has just ended by itself
        os.kill(process, signal.SIGTERM)
    say(f"told process {process} to end; what runs is given time to finish")
    deadline = None if limit is None else time.monotonic() + limit
    while _holder(folder) == process:
        if deadline is not None and time.monotonic() > deadline:
            say(f"process {process} is still at it")
            return Exit.TIMEOUT
        time.sleep(_LOOK_SECONDS)
    if json:
        write_json({"data": str(folder), "pid": process})
    else:
        sys.stdout.write(f"{folder} is down\n")
    return Exit.OK


def _holder(folder: Path) -> int | None:
    """The process that has locked the folder. Its number alone proves nothing: the system gives it out again."""
    try:
        with (folder / "up.lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(lock.read())
    except FileNotFoundError:
        return None
    except ValueError:
        raise Unavailable(f"`treadle up` is just starting on {folder}: say it again") from None
    except OSError as error:
        raise Unavailable(f"the data folder {folder} cannot be looked into: {error.strerror}") from error
    return None
