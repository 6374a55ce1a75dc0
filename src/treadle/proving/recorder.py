"""An HTTP server that writes down what it is asked, and does nothing else."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from msgspec import Struct

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")


class Call(Struct, frozen=True):
    """One call, with its path below the place that was given to a job."""

    method: str
    path: str
    body: str


class Recorder:
    """Takes calls for any number of trials, told apart by the first part of the path.

    A call that repeats the `Idempotency-Key` of an earlier one, on the same path, is the same call.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._lock = threading.Lock()
        self._calls: dict[str, list[Call]] = defaultdict(list)
        self._keys: set[tuple[str, str, str, str]] = set()

    def url(self, trial: str) -> str:
        """Where the calls of a trial go."""
        return f"http://127.0.0.1:{self._port}/{trial}"

    def calls(self, trial: str) -> list[Call]:
        """The calls of a trial, in order."""
        with self._lock:
            return list(self._calls[trial])

    def take(self, trial: str, call: Call, key: str | None) -> None:
        """Write down a call, unless it is one that came before."""
        with self._lock:
            named = (trial, call.method, call.path, key or "")
            if key is None or named not in self._keys:
                self._calls[trial].append(call)
            self._keys.add(named)


@contextmanager
def recording(answers: Mapping[str, bytes], default: bytes) -> Iterator[Recorder]:
    """A recorder at work until the block ends. It answers 200, with the `answers` of a path, else with `default`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            _, trial, *rest = self.path.split("/", 2)
            path = f"/{rest[0]}" if rest else "/"
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
            recorder.take(trial, Call(self.command, path, body), self.headers.get("Idempotency-Key"))
            said = answers.get(path.partition("?")[0], default)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Nothing: what was asked is told by the recorder."""

    for method in _METHODS:
        setattr(Handler, f"do_{method}", Handler.answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    recorder = Recorder(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
