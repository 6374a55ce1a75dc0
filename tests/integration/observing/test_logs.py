"""What an installation says of itself: lines of JSON that lead to a run and its trace, and tell no secret."""

from __future__ import annotations

import http.client
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlsplit

from tests.integration.observing.conftest import CANARY, Shop
from tests.support.up import until

SHAPES = {
    CANARY,
    quote(CANARY),
    quote(CANARY, safe=""),
    *(b64encode(lead + CANARY.encode()).decode()[4:20] for lead in (b"", b"x", b"xy")),
}
"""How a secret may turn up."""

SPILL = """
echo "as it is: $CANARY"; printf %s "$CANARY" | base64; printf 'x%s' "$CANARY" | base64
python3 -c 'import os, urllib.parse as p; print(p.quote(os.environ["CANARY"], safe=""))'
echo "the end of $CANARY" >&2; exit 3
"""


def lines(shop: Shop) -> Iterator[dict[str, Any]]:
    """What the services said; the supervisor's own words are for people."""
    for line in shop.up.said.splitlines():
        if not line.startswith("treadle: "):
            yield json.loads(line)


def raw(
    shop: Shop, method: str, path: str, headers: Mapping[str, str] = MappingProxyType({}), body: bytes = b""
) -> int:
    """The status of a request that no client would send."""
    connection = http.client.HTTPConnection(urlsplit(shop.server.url).netloc, timeout=20)
    connection.request(method, path, body or None, {**shop.server._headers, **headers})
    return connection.getresponse().status


def test_a_run_that_fails_is_found_by_its_ids_in_the_log_of_its_worker(shop: Shop) -> None:
    run_id = shop.run("shop.broken")
    found = until(lambda: [each for each in lines(shop) if each.get("run_id") == run_id], "a line")
    (line,) = [each for each in found if each["event"] == "run failed"]
    run = shop.server.get(f"/runs/{run_id}")
    assert line["service"] == "worker"
    assert line["worker"] == run["worker_id"]
    assert (line["domain"], line["job_id"], line["attempt"]) == ("default", "shop.broken", 2)
    assert len(line["trace_id"]) == 32
    assert line["error_code"] == run["error"]["code"]


def test_every_line_of_every_service_is_json_with_its_time_level_and_service(shop: Shop) -> None:
    told = list(lines(shop))
    assert {line["service"] for line in told} >= {"scheduler", "worker"}
    assert all({"timestamp", "level", "service", "event"} <= line.keys() for line in told)


def test_a_secret_is_nowhere_in_logs_results_and_events(shop: Shop) -> None:
    shop.up.define(job_id="spill", script=SPILL, secrets=["CANARY"], retry_policy={"max_retry": 0})
    run_id = shop.run("spill")
    until(
        lambda: "the end of" in str(shop.server.get(f"/runs/{run_id}/logs")), "its lines, which may come after its end"
    )
    shop.run("shop.broken", word=CANARY)  # what a handler says itself is in its run, and not in the service's log
    assert raw(shop, "GET", f"/jobs/{quote(CANARY, safe='')}", {"X-Canary": CANARY}) == 404
    assert raw(shop, "GET", f"/jobs?limit={quote(CANARY, safe='')}") == 422
    assert raw(shop, "POST", "/jobs/spill/run", {"Content-Type": "application/json"}, CANARY.encode()) == 400
    told = json.dumps(
        [
            shop.server.get(f"/runs/{run_id}"),
            shop.server.get(f"/runs/{run_id}/logs"),
            shop.server.get("/events", run=run_id),
        ]
    )
    shop.server.delete("/jobs/spill")
    assert "as it is: ***" in told
    assert "the end of ***" in told
    for shape in SHAPES:
        assert shape not in told
        assert shape not in shop.up.said
