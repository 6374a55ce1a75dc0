"""examples/health-check: a server is asked at the interval of its job, and a sick one is found out."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.examples.conftest import EXAMPLES
from tests.support.product import Product, said


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


def test_it_asks_at_its_interval(product: Product, site: str) -> None:
    document = json.loads((EXAMPLES / "health-check" / "job.json").read_text())
    document["schedule"]["interval_sec"] = 0.5
    document["inputs"]["url"] = f"{site}/healthz"
    run = product.fired(product.define(document))
    assert (run["status"], run["cause"], run["schedule_id"]) == ("completed", "schedule", "health-check")
    assert run["result"]["status"] == 200
    assert ("log", "healthy") in said(run)


def test_a_sick_server_fails_the_check(product: Product, site: str) -> None:
    run = product.run("health.check", {"url": f"{site}/sick"})
    assert run["status"] == "failed"
    assert run["attempt"] == 2
    assert (run["error"]["type"], run["error"]["message"]) == ("HTTPError", "HTTP Error 503: Service Unavailable")
