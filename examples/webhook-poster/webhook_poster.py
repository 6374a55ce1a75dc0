"""Posts to a webhook, and does with each of its answers what that answer asks for.

Treadle runs as examples/README.md says; in another terminal: python examples/webhook-poster/webhook_poster.py
"""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from treadle import Client, GiveUp, JobContext, Retry, job


@job("webhook.post", timeout_seconds=10, max_retries=4, backoff=[0.2, 0.4, 30])
def post(ctx: JobContext, url: str, content: str) -> dict[str, int]:
    """Posts a text. The key stays the same in every attempt, so that the other side can tell a repeated call."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": ctx.run_id}
    try:
        with urlopen(Request(url, json.dumps({"content": content}).encode(), headers), timeout=5) as answer:
            return {"status": answer.status, "attempts": ctx.attempt}
    except HTTPError as error:
        if error.code == 429:
            raise Retry("told to slow down", delay=float(error.headers["Retry-After"])) from error
        if error.code < 500:
            raise GiveUp(f"refused with {error.code} {error.reason}") from error
        raise  # a fault of theirs: tried again after the backoff, as is a connection that breaks


class Webhook(BaseHTTPRequestHandler):
    """Stands for the other side: busy at first, then broken, then well; and it knows one address only."""

    moods = iter((429, 503))

    def do_POST(self) -> None:
        """Takes a text, in the end."""
        self.send_response(next(self.moods, 204) if self.path == "/hooks/ops" else 404)
        self.send_header("Retry-After", "0.5")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def main() -> None:
    """Posts to the right address and to a wrong one."""
    webhook = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
    Thread(target=webhook.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{webhook.server_port}/hooks"
    with Client():
        print(post.sync.enqueue(url=f"{url}/ops", content="the backup is done").result())
        lost = post.sync.enqueue(url=f"{url}/oops", content="the backup is done").wait()
        print(f"{lost.state} on attempt {lost.attempt}: {lost.error.message if lost.error else ''}")


if __name__ == "__main__":
    main()
