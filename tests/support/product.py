"""Jobs and runs of a `treadle up`, from their definition to their end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.support.up import Up
from treadle.domain.errors import NotFound

Answer = dict[str, Any]


class Product:
    """Treadle at work. Runs are told as the API tells them."""

    def __init__(self, up: Up) -> None:
        self.up = up

    def get(self, path: str, **query: Any) -> Answer:
        """Read."""
        said: Answer = self.up.server.get(path, **query)
        return said

    def define(self, document: Path | Mapping[str, Any]) -> str:
        """Define a job by a file as it is, or by what its document says; answers its id."""
        if isinstance(document, Path):
            return str(self.up.ask("job", "create", str(document))["job_id"])
        return self.up.define(**document)

    def forget(self, job_id: str) -> None:
        """Delete a job, if it is there."""
        with suppress(NotFound):
            self.up.server.delete(f"/jobs/{job_id}")

    def run(self, job_id: str, inputs: Mapping[str, Any] | None = None) -> Answer:
        """Run a job to its end."""
        return self.ended(self.up.submit(job_id, **(inputs or {})))

    def ended(self, run_id: str) -> Answer:
        """A run as it ended, with the lines of its log under `log`."""
        events = self.up.server.stream(f"/runs/{run_id}/logs", follow=True)
        lines = [event.json() for event in events if event.kind == "log"]
        return {**self.get(f"/runs/{run_id}"), "log": lines}

    def fired(self, job_id: str) -> Answer:
        """The first run that the job's schedule has fired, as it ended."""
        events: Iterator[Any] = self.up.server.stream("/events", job=job_id, topics="run", after=0)
        return self.ended(next(events).json()["subject"])


def said(run: Answer) -> list[tuple[str, str]]:
    """What a run has said: stream and text of each line."""
    return [(line["stream"], line["message"]) for line in run["log"]]


def seconds(run: Answer) -> float:
    """How long a run took from the start of its first attempt to its end."""
    start, end = (datetime.fromisoformat(run[key]) for key in ("started_at", "finished_at"))
    return (end - start).total_seconds()
