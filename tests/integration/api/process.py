"""The API as a process of its own, as an operator runs it.

`python -m tests.integration.api.process` serves with the settings of the environment and prints URL and token as JSON.
With `TREADLE_TEST_DIE=enqueue` it kills itself with SIGKILL right after its first run is on disk, before anybody is
answered.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from treadle.api.server import Listening, serve
from treadle.engines.sqlite.runs import SqliteRuns
from treadle.settings import load_settings


@dataclass(frozen=True)
class Api:
    """A running process and an authorised client of it."""

    process: subprocess.Popen[str]
    client: httpx2.Client
    announced: dict[str, Any]


@contextmanager
def api_process(data: Path, environment: Mapping[str, str] | None = None) -> Iterator[Api]:
    """The API on the database in `data`; killed at the end of the block if it still runs."""
    own = {"PATH": os.environ["PATH"], "TREADLE_DATA": str(data), "TREADLE_PORT": "0", **(environment or {})}
    root = Path(__file__).resolve().parents[3]
    command = [sys.executable, "-m", "tests.integration.api.process"]
    with subprocess.Popen(command, env=own, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            announced = json.loads(process.stdout.readline())
            headers = {"Authorization": f"Bearer {announced['token']}"}
            with httpx2.Client(base_url=announced["url"], headers=headers, trust_env=False, timeout=20) as client:
                yield Api(process, client, announced)
        finally:
            process.kill()


def announce(listening: Listening) -> None:
    print(json.dumps({"url": listening.url, "token": listening.token.value, "made": listening.token.made}), flush=True)


def die_after_enqueue() -> None:
    real = SqliteRuns.enqueue

    async def enqueue(self: SqliteRuns, *args: Any, **kwargs: Any) -> Any:
        await real(self, *args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    SqliteRuns.enqueue = enqueue  # type: ignore[assignment, method-assign]


if __name__ == "__main__":
    if os.environ.get("TREADLE_TEST_DIE") == "enqueue":
        die_after_enqueue()
    serve(load_settings(os.environ), announce)
