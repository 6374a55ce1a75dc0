"""A served API for tests, with the parts that stand behind it in reach."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2

from tests.integration.api import contract
from treadle.api.server import Listening, run
from treadle.api.sse import StreamLimits
from treadle.bootstrap import Services, open_services
from treadle.domain import json
from treadle.domain.instants import SECOND
from treadle.domain.logs import Level, LogLine, Stream
from treadle.domain.outcomes import Outcome, Succeeded
from treadle.domain.runs import DEFAULT_DOMAIN, Claim
from treadle.domain.states import settle
from treadle.domain.work import decode_work
from treadle.domain.workers import WorkerSpec
from treadle.engines.contract import Engine
from treadle.settings import load_settings

HANDLER_JOB: Final = {"job_id": "report", "type": "report.daily", "inputs": {"a": 1, "b": 2}}


@dataclass
class Server:
    """A running server: an authorised client of it, and what it stands on."""

    client: httpx2.AsyncClient
    services: Services
    listening: Listening
    stopping: asyncio.Event
    ended: asyncio.Task[None]

    @property
    def engine(self) -> Engine:
        return self.services.engine

    async def create_job(self, **document: Any) -> dict[str, Any]:
        response = await self.client.post("/jobs", json={**HANDLER_JOB, **document})
        assert response.status_code == 201, response.text
        return dict(response.json())

    async def submit(self, job_id: str = "report", **request: Any) -> dict[str, Any]:
        response = await self.client.post(f"/jobs/{job_id}/run", json=request)
        assert response.status_code == 202, response.text
        return dict(response.json())


@asynccontextmanager
async def serving(
    folder: Path, limits: StreamLimits | None = None, *, verify: bool = True, **settings: Any
) -> AsyncIterator[Server]:
    """The API on a database in `folder`, until the block ends."""
    listening: asyncio.Future[Listening] = asyncio.get_running_loop().create_future()
    stopping = asyncio.Event()
    async with open_services(load_settings({}, data=str(folder / "data"), port=0, **settings)) as services:
        ended = asyncio.create_task(run(services, listening.set_result, stopping, limits))
        ended.add_done_callback(lambda _: listening.done() or listening.cancel())
        try:
            address = await listening
        except asyncio.CancelledError:
            await ended  # it could not start, and says why
            raise
        headers = {"Authorization": f"Bearer {address.token.value}"}
        async with httpx2.AsyncClient(
            base_url=address.url, headers=headers, trust_env=False, timeout=20, verify=verify
        ) as client:
            await contract.load(client)
            client.event_hooks = {"response": [contract.check]}
            try:
                yield Server(client, services, address, stopping, ended)
            finally:
                stopping.set()
                await ended


class Hands:
    """A worker without processes: it claims, speaks and settles as a test tells it to."""

    def __init__(self, engine: Engine, worker_id: str = "wkr_1") -> None:
        self.engine = engine
        self.worker_id = worker_id

    async def register(self, *requires: str, slots: int = 4, domains: tuple[str, ...] = (DEFAULT_DOMAIN,)) -> None:
        spec = WorkerSpec(
            id=self.worker_id,
            domains=domains,
            host="ant",
            pid=1,
            slots=slots,
            requires=frozenset(requires or ("handler:report.daily",)),
            version="0",
        )
        await self.engine.workers.register(spec, 60 * SECOND)

    async def claim(self, want: int = 1) -> list[Claim]:
        return list((await self.engine.runs.step(self.worker_id, [], want)).claims)

    async def settle(self, claim: Claim, outcome: Outcome | None = None) -> None:
        now = self.engine.now()
        done = settle(
            claim,
            decode_work(claim.work),
            outcome or Succeeded(json.encode({"done": True})),
            now=now,
            chance=0.5,
            worker_id=self.worker_id,
            started_at=now,
        )
        assert await self.engine.runs.settle([done]) == ()

    async def say(self, claim: Claim, *messages: str) -> None:
        lines = [
            LogLine(
                domain=claim.domain,
                run_id=claim.id,
                token=claim.token,
                attempt=claim.attempt,
                at=self.engine.now(),
                stream=Stream.STDOUT,
                level=Level.INFO,
                message=message,
            )
            for message in messages
        ]
        await self.engine.logs.append(lines)
