"""`treadle up` in a process of its own, and what tests say to it over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx2

START_SECONDS: Final = 20.0
STOP_SECONDS: Final = 20.0
PATIENCE_SECONDS: Final = 30.0
LANGUAGES: Final = {".json": "application/json", ".yaml": "application/yaml"}

Answer = dict[str, Any]


class Product:
    """Treadle at work. Runs are told as the API tells them."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token
        self._client = httpx2.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_SECONDS
        )

    def get(self, path: str, **query: Any) -> Answer:
        """Read."""
        return self._said(self._client.get(path, params=query))

    def post(self, path: str, body: Any = None) -> Answer:
        """Make or do something."""
        return self._said(self._client.post(path, json=body))

    def define(self, document: Path | Mapping[str, Any]) -> str:
        """Define a job by a file as it is, or by what its document says; answers its id."""
        if not isinstance(document, Path):
            return str(self.post("/jobs", document)["job_id"])
        headers = {"Content-Type": LANGUAGES[document.suffix]}
        return str(self._said(self._client.post("/jobs", content=document.read_bytes(), headers=headers))["job_id"])

    def forget(self, job_id: str) -> None:
        """Delete a job, if it is there."""
        assert self._client.delete(f"/jobs/{job_id}").status_code in {204, 404}

    def run(self, job_id: str, inputs: Mapping[str, Any] | None = None) -> Answer:
        """Run a job to its end."""
        return self.ended(self.post(f"/jobs/{job_id}/run", {} if inputs is None else {"inputs": inputs})["run_id"])

    def ended(self, run_id: str) -> Answer:
        """A run as it ended, with the lines of its log under `log`."""
        lines = [data for kind, data in self._stream(f"/runs/{run_id}/logs", follow=True) if kind == "log"]
        return {**self.get(f"/runs/{run_id}"), "log": lines}

    def fired(self, job_id: str) -> Answer:
        """A run that the job's schedule has fired, as it ended."""
        for _, event in self._stream("/events", job=job_id, topics="run", after=0):
            return self.ended(event["subject"])
        raise AssertionError("the stream of events has ended")

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _stream(self, path: str, **query: Any) -> Iterator[tuple[str, Answer]]:
        """Server-sent events, as (kind, data)."""
        headers = {"Accept": "text/event-stream"}
        with self._client.stream("GET", path, params=query, headers=headers) as answer:
            assert answer.status_code == 200, answer.read()
            kind = "message"
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    yield kind, json.loads(value)

    def _said(self, answer: httpx2.Response) -> Answer:
        assert answer.is_success, answer.text
        said: Answer = answer.json()
        return said


@contextmanager
def up(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[Product, subprocess.Popen[bytes]]]:
    """`treadle up` from a folder, on a free port and the data folder `.treadle` in it, until the block ends."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("TREADLE_")}
    env |= {"TREADLE_PORT": "0", "TREADLE_GRACE_SEC": "2", **(environment or {})}
    process = subprocess.Popen([sys.executable, "-m", "treadle", "up", *arguments], cwd=folder, env=env)
    try:
        product = _connect(folder / ".treadle", process)
        try:
            yield product, process
        finally:
            product.close()
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        finally:
            process.kill()


def _connect(data: Path, process: subprocess.Popen[bytes]) -> Product:
    """Waits until there is a worker behind an API that answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"treadle up ended with {process.returncode}"
        if (data / "server.json").exists():
            url = json.loads((data / "server.json").read_text())["url"]
            product = Product(url, (data / "local-token").read_text().strip())
            if _has_worker(product):
                return product
            product.close()
        time.sleep(0.05)
    raise AssertionError(f"treadle up was not ready within {START_SECONDS:g} s")


def _has_worker(product: Product) -> bool:
    try:
        return bool(product.get("/workers")["items"])
    except httpx2.TransportError:
        return False


def treadle(product: Product, *arguments: str, expect: Sequence[int] = (0,)) -> str:
    """What the command line prints on standard output."""
    env = {**os.environ, "TREADLE_URL": product.url, "TREADLE_TOKEN": product.token}
    ended = subprocess.run(
        [sys.executable, "-m", "treadle", *arguments], env=env, capture_output=True, text=True, check=False
    )
    assert ended.returncode in expect, ended.stderr
    return ended.stdout


def said(run: Answer) -> list[tuple[str, str]]:
    """What a run has said: stream and text of each line."""
    return [(line["stream"], line["message"]) for line in run["log"]]


def seconds(run: Answer) -> float:
    """How long a run took from the start of its first attempt to its end."""
    start, end = (datetime.fromisoformat(run[key]) for key in ("started_at", "finished_at"))
    return (end - start).total_seconds()
