"""Deploys an account, and decides for itself which errors are worth another try, and which are none at all.

Treadle runs as examples/README.md says; in another terminal: python examples/account-deployer/account_deployer.py
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from treadle import BaseTask, Client, JobContext, RunnerResult, job


class ChainError(Exception):
    """What the chain answers in place of an account; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Account(RunnerResult):
    """An account on the chain."""

    address: str = ""


@job("account.deploy", timeout_seconds=30, max_retries=4, retry_delay_seconds=0.2)
class AccountDeployer(BaseTask[Account]):
    """Deploys one account. A nonce that was too low gets better by itself, a purse that is empty does not."""

    async def _execute_impl(self, context: JobContext) -> list[Account]:
        return [Account(address=await asyncio.to_thread(deploy, **context.inputs, key=context.run_id))]

    def _should_retry_on_error(self, error: Exception, context: JobContext) -> bool:
        transient = isinstance(error, ChainError) and error.code in ("nonce too low", "underpriced")
        return transient or isinstance(error, ConnectionError | TimeoutError)

    async def _handle_execution_error(self, error: Exception, context: JobContext) -> list[Account] | None:
        if isinstance(error, ChainError) and error.code == "already deployed":
            return [Account(message="it was there already", address=f"0x{context.inputs['owner']}")]
        return None


def deploy(chain: str, owner: str, key: str) -> str:
    """The address of an owner's new account; calls with the same key make one. Raises ChainError."""
    body, headers = json.dumps({"owner": owner}).encode(), {"Idempotency-Key": key}
    try:
        with urlopen(Request(f"{chain}/accounts", body, headers), timeout=10) as answer:
            return str(json.load(answer)["address"])
    except HTTPError as error:
        raise ChainError(json.load(error)["code"]) from error


class Chain(BaseHTTPRequestHandler):
    """Stands for the chain. What it answers depends on who asks, and how often."""

    answers: dict[str, list[str]] = {
        "ann": ["nonce too low", "underpriced"],
        "bob": ["insufficient funds"],
        "cyd": ["already deployed"],
    }

    def do_POST(self) -> None:
        """Deploys an account, in the end."""
        owner = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["owner"]
        code = self.answers[owner].pop(0) if self.answers[owner] else ""
        self.send_response(409 if code else 200)
        self.end_headers()
        said: dict[str, Any] = {"code": code} if code else {"address": f"0x{owner}"}
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


def main() -> None:
    """Deploys an account for each of three owners."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Chain)
    Thread(target=server.serve_forever, daemon=True).start()
    with Client():
        for owner in Chain.answers:
            chain = f"http://127.0.0.1:{server.server_port}"
            run = AccountDeployer.handler.sync.enqueue(chain=chain, owner=owner).wait()
            said = run.error.message if run.error else json.loads(run.result or b"[{}]")[0]["address"]
            print(f"{owner}: {run.state} on attempt {run.attempt}: {said}")


if __name__ == "__main__":
    main()
