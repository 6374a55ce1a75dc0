"""Watches a chain by its node: a monitor that needs nobody to start it, and is skipped while its node is away.

Treadle runs as examples/README.md says; in another terminal: python examples/chain-monitor/chain_monitor.py
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.request import urlopen

from treadle import BaseTask, Client, JobContext, RunnerResult, job


@dataclass
class Observation(RunnerResult):
    """The newest block of a chain."""

    height: int = 0


@job(
    "chain.monitor",
    interval_seconds=60,
    timeout_seconds=10,
    max_retries=2,
    retry_delay_seconds=5,
    inputs={"node": "http://127.0.0.1:8545", "max_age_sec": 60},
)
class ChainMonitor(BaseTask[Observation]):
    """Fails where the newest block is too old."""

    async def _validate_resources(self, context: JobContext) -> bool:
        try:
            await newest_block(context.inputs["node"])
        except OSError:
            return False
        return True

    async def _execute_impl(self, context: JobContext) -> list[Observation]:
        block = await newest_block(context.inputs["node"])
        age = round(context.now.timestamp() - block["time"])
        context.logger.info("newest block", height=block["height"], age_sec=age)
        if age > context.inputs["max_age_sec"]:
            return [Observation(success=False, message=f"block {block['height']} is {age} s old")]
        return [Observation(message="the chain grows", height=block["height"])]


async def newest_block(node: str) -> dict[str, Any]:
    """What the node says of it."""

    def ask() -> dict[str, Any]:
        with urlopen(f"{node}/blocks/newest", timeout=5) as answer:
            block: dict[str, Any] = json.load(answer)
        return block

    return await asyncio.to_thread(ask)


class Node(BaseHTTPRequestHandler):
    """Stands for the node."""

    block: dict[str, float]

    def do_GET(self) -> None:
        """Tells the newest block."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(self.block).encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


def main() -> None:
    """Watches a chain that grows, then stands still, and at last loses its node."""
    node = ThreadingHTTPServer(("127.0.0.1", 0), Node)
    Thread(target=node.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{node.server_port}"
    with Client():
        for height, age in ((100, 0), (100, 600)):
            Node.block = {"height": height, "time": time.time() - age}
            watch(url)
        node.shutdown()
        node.server_close()
        watch(url)


def watch(node: str) -> None:
    """Runs the monitor once, and prints what it came to."""
    run = ChainMonitor.handler.sync.enqueue(node=node).wait()
    print(f"{run.state}: {run.error.message if run.error else 'the chain grows'}")


if __name__ == "__main__":
    main()
