"""Deploys what a proposal asks for, part by part, once everything that must hold before it does.

Treadle runs as examples/README.md says; in another terminal: python examples/dao-deployment/dao_deployment.py
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

from treadle import BaseTask, Client, JobContext, RunnerResult, job

PARTS = ("token", "treasury", "registry")


@dataclass
class Deployed(RunnerResult):
    """One part of a DAO, where it is now."""

    part: str = ""
    address: str = ""


@job("dao.deploy", timeout_seconds=60, max_retries=2, retry_delay_seconds=0.5, concurrency_key="{proposal}")
class DaoDeployment(BaseTask[Deployed]):
    """Deploys the parts of a DAO in their order. A part that was deployed is not deployed again by a retry."""

    async def _validate_config(self, context: JobContext) -> bool:
        return str(context.inputs.get("name", "")).isalnum()

    async def _validate_resources(self, context: JobContext) -> bool:
        return bool((await call(f"{context.inputs['chain']}/health"))["synced"])

    async def _validate_prerequisites(self, context: JobContext) -> bool:
        return bool((await self._proposal(context))["state"] == "approved")

    async def _validate_task_specific(self, context: JobContext) -> bool:
        return not (await self._proposal(context))["deployed"]

    async def _execute_impl(self, context: JobContext) -> list[Deployed]:
        results: list[Deployed] = []
        for part in PARTS:
            order = {"part": part, "owner": results[-1].address if results else context.inputs["name"]}
            done = await context.step(part, call, f"{context.inputs['chain']}/deploy", order)
            context.logger.info("deployed", part=part, address=done["address"])
            results.append(Deployed(part=part, address=done["address"]))
        return results

    async def _proposal(self, context: JobContext) -> dict[str, Any]:
        return await call(f"{context.inputs['chain']}/proposals/{context.inputs['proposal']}")


async def call(url: str, body: object = None) -> dict[str, Any]:
    """What a server answers, as JSON has it."""

    def ask() -> dict[str, Any]:
        with urlopen(Request(url, None if body is None else json.dumps(body).encode()), timeout=10) as answer:
            said: dict[str, Any] = json.load(answer)
        return said

    return await asyncio.to_thread(ask)


class Chain(BaseHTTPRequestHandler):
    """Stands for the chain, which fails once in the middle."""

    proposals = {"/proposals/7": "approved", "/proposals/8": "rejected"}
    faults = iter((False, True))
    deployed: list[str] = []

    def do_GET(self) -> None:
        """Tells how the chain is, or a proposal."""
        state = self.proposals.get(self.path)
        self.answer(200, {"state": state, "deployed": False} if state else {"synced": True})

    def do_POST(self) -> None:
        """Deploys a part."""
        if next(self.faults, False):
            self.answer(503, {})
            return
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.deployed.append(order["part"])
        self.answer(200, {"address": f"0x{len(self.deployed):04x}"})

    def answer(self, status: int, value: object) -> None:
        """Sends a value as JSON."""
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


def main() -> None:
    """Deploys for an approved proposal, for a rejected one, and for one without a good name."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Chain)
    Thread(target=server.serve_forever, daemon=True).start()
    chain = f"http://127.0.0.1:{server.server_port}"
    with Client():
        for proposal, name in ((7, "weavers"), (8, "dyers"), (7, "no name")):
            run = DaoDeployment.handler.sync.enqueue(chain=chain, proposal=proposal, name=name).wait()
            print(f"{run.state} on attempt {run.attempt}{f': {run.error.message}' if run.error else ''}")
    print("deployed:", *Chain.deployed)


if __name__ == "__main__":
    main()
