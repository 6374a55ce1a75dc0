"""Welcomes a member: steps that are done once, a wait for an answer, and a sleep, over many executions of one run.

Treadle runs as examples/README.md says; in another terminal: python examples/member-onboarding/member_onboarding.py
"""

from __future__ import annotations

import json
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

from treadle import Client, JobContext, WaitTimeout, job


@job("member.onboard", timeout_seconds=30, max_retries=3, backoff=[0.2])
def onboard(ctx: JobContext, api: str, email: str, patience_sec: float = 7 * 86_400) -> dict[str, str]:
    """Opens an account, waits until its address is confirmed, and a moment later says welcome."""
    account = ctx.step("account", call, f"{api}/accounts", {"email": email})
    ctx.step("confirm", call, f"{api}/mails", {"to": email, "text": "is this you?"})
    try:
        ctx.wait_for("confirmed", {"account": account["id"]}, timeout=patience_sec)
    except WaitTimeout:
        ctx.step("close", call, f"{api}/closed", account)
        return {"account": account["id"], "state": "closed"}
    ctx.sleep(0.2)  # who has just confirmed is not to be talked at
    ctx.step("welcome", call, f"{api}/mails", {"to": email, "text": "welcome"})
    return {"account": account["id"], "state": "welcomed"}


def call(url: str, body: object) -> Any:
    """What a server answers, as JSON has it."""
    with urlopen(Request(url, json.dumps(body).encode()), timeout=10) as answer:
        return json.load(answer)


class Service(BaseHTTPRequestHandler):
    """Stands for accounts and mail. It counts what it did, and fails at its first welcome."""

    did: Counter[str] = Counter()
    faults = iter((True,))

    def do_POST(self) -> None:
        """Opens or closes an account, or sends a mail."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fault = asked.get("text") == "welcome" and next(self.faults, False)
        if not fault:
            self.did[asked.get("text", self.path)] += 1
        self.send_response(503 if fault else 200)
        self.end_headers()
        self.wfile.write(json.dumps({"id": asked.get("email", "")}).encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


def main() -> None:
    """Onboards one member who answers, and one who does not."""
    service = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    Thread(target=service.serve_forever, daemon=True).start()
    api = f"http://127.0.0.1:{service.server_port}"
    with Client() as client:
        run = onboard.sync.enqueue(api=api, email="ann@example.org")
        client.publish("confirmed", {"account": "ann@example.org"})
        print(run.result())
        print(onboard.sync.enqueue(api=api, email="bob@example.org", patience_sec=0.2).result())
    for what, times in Service.did.items():
        print(f"{what}: {times}")


if __name__ == "__main__":
    main()
