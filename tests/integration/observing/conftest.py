"""A shop: one `treadle up` on each engine, with a handler's jobs, and everything that observes it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.otlp import Receiver, receiver
from tests.support.postgres import Databases, free_port
from tests.support.up import Up, until, up
from treadle.cli.server import Server

TASKS = Path(__file__).parent / "tasks"
CANARY = "Canary/Bird+4711=="
"""The value of a secret of this installation."""


@dataclass
class Shop:
    """The installation, the port on which it tells its metrics, and where its spans go."""

    up: Up
    port: int
    traces: Receiver
    ran: dict[str, list[str]] = field(default_factory=dict)

    @property
    def server(self) -> Server:
        return self.up.server

    def run(self, job_id: str, **inputs: object) -> str:
        """Run a job to its end; answers the run's id."""
        run_id = self.up.submit(job_id, **inputs)
        until(lambda: self.up.status(run_id) in ("completed", "failed"), f"the end of {run_id}")
        return run_id

    def token(self, domain: str) -> dict[str, str]:
        """The header of somebody who may read in one domain."""
        made = self.server.post("/tokens", {"name": f"reader of {domain}", "scopes": ["read"], "domain": domain})
        return {"Authorization": f"Bearer {made['secret']}"}


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder, port = tmp_path_factory.mktemp("shop"), free_port()
    shutil.copytree(TASKS, folder / "tasks")
    more: dict[str, Any] = {
        "TREADLE_METRICS_PORT": str(port),
        "TREADLE_SECRET_CANARY": CANARY,
        "TREADLE_LEASE_SEC": "20",
    }
    if request.param == "postgres":
        databases: Databases = request.getfixturevalue("postgres")
        more["TREADLE_DATABASE_URL"] = databases.url(asyncio.run(databases.create()))
    with receiver() as traces, up(folder, TREADLE_TRACES_URL=traces.url, **more) as one:
        yield Shop(one, port, traces)
