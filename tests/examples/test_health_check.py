"""examples/health-check: a server is asked at the interval of its job, and a sick one is found out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.examples.product import EXAMPLES, Product, read_document, result
from treadle.domain.runs import Cause, State


class Site(BaseHTTPRequestHandler):
    """Is well at `/healthz`, sick elsewhere."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


def test_it_asks_at_its_interval(treadle: Product, site: str) -> None:
    document = read_document(EXAMPLES / "health-check" / "job.json")
    document["schedule"]["interval_sec"] = 0.5
    document["inputs"]["url"] = f"{site}/healthz"
    run = treadle.next_run(treadle.define(document))
    assert (run.state, run.cause, run.schedule_id) == (State.COMPLETED, Cause.SCHEDULE, "treadle-is-well")
    assert result(run)["status"] == 200
    assert ("log", "healthy") in treadle.log(run)


def test_a_sick_server_fails_the_check(treadle: Product, site: str) -> None:
    run = treadle.run("health.check", {"url": f"{site}/sick"})
    assert run.state is State.FAILED
    assert run.attempt == 2
    assert run.error is not None
    assert (run.error.type, run.error.message) == ("HTTPError", "HTTP Error 503: Service Unavailable")
