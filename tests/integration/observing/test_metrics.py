"""What /metrics tells of an installation after real runs, read by Prometheus' own parser."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.integration.observing.conftest import Shop
from tests.support.metrics import Scrape, scrape, scrape_server
from tests.support.postgres import free_port
from tests.support.services import fleet
from tests.support.up import until
from treadle.meters.catalog import CATALOG

BOUNDED = {"role", "store", "verb", "error", "operation", "status", "outcome", "state", "kind", "le"}
"""Labels whose values are Treadle's own words."""

EVENTS = "text/event-stream"


def headers(shop: Shop) -> dict[str, str]:
    return dict(shop.server._headers)


def counted_to(attempts: float, shop: Shop) -> Scrape | None:
    """What is told, once that many attempts were counted."""
    seen = scrape_server(shop.server)
    return seen if seen.total("treadle_run_attempts_total") >= attempts else None


def test_counts_are_those_of_the_runs_that_ran(shop: Shop) -> None:
    before = scrape_server(shop.server)
    for _ in range(3):
        shop.run("shop.order")
    shop.run("shop.broken")
    attempts = before.total("treadle_run_attempts_total") + 5
    now = until(lambda: counted_to(attempts, shop), "what the worker counts, once it hears that a settle is done")

    def grown(name: str, **labels: str) -> float:
        return now.total(name, **labels) - before.total(name, **labels)

    orders = {"domain": "default", "queue": "orders"}
    assert grown("treadle_run_attempts_total", outcome="succeed", **orders) == 3
    assert grown("treadle_run_duration_seconds_count", outcome="succeed", **orders) == 3
    assert grown("treadle_run_duration_seconds_bucket", outcome="succeed", le="+Inf", **orders) == 3
    assert grown("treadle_run_wait_seconds_count", **orders) == 3
    assert grown("treadle_run_attempts_total", outcome="retry", queue="default") == 1
    assert grown("treadle_run_attempts_total", outcome="fail", queue="default") == 1
    assert grown("treadle_http_request_seconds_count", operation="run_job", status="2xx") == 4
    assert grown("treadle_engine_call_seconds_count", role="api", store="runs", verb="enqueue") == 4
    assert grown("treadle_engine_call_seconds_count", role="worker", store="runs", verb="step") >= 1
    assert now.total("treadle_engine_call_seconds_count", role="scheduler", store="workers", verb="expire") >= 1


def test_how_the_installation_stands_is_told(shop: Shop) -> None:
    shop.server.post("/queues/orders/pause")
    try:
        run_id = shop.up.submit("shop.order")
        found = until(
            lambda: seen if (seen := scrape_server(shop.server)).total("treadle_runs", queue="orders") else None,
            "a run that waits",
        )
        assert found.total("treadle_runs", queue="orders", state="ready") == 1
        assert found.total("treadle_queue_paused", queue="orders") == 1
        assert found.total("treadle_engine_up") == 1
        assert found.total("treadle_worker_slots", domain="default") == 5
        for role in ("api", "scheduler", "worker"):
            assert found.total("treadle_processes", role=role, state="online") == 1
        until(lambda: scrape_server(shop.server).total("treadle_oldest_ready_seconds", queue="orders") > 0, "age")
    finally:
        shop.server.post("/queues/orders/resume")
    until(lambda: shop.up.status(run_id) == "completed", "the run")


def test_a_stream_counts_for_as_long_as_it_is_open(shop: Shop) -> None:
    asked = urllib.request.Request(f"{shop.server.url}/events", headers={**headers(shop), "Accept": EVENTS})  # noqa: S310
    with urllib.request.urlopen(asked, timeout=20):  # noqa: S310
        assert scrape_server(shop.server).total("treadle_sse_streams") == 1
    until(lambda: scrape_server(shop.server).total("treadle_sse_streams") == 0, "the end of the stream")


def test_the_port_of_its_own_tells_the_same_without_a_token(shop: Shop) -> None:
    shop.run("shop.order")
    name, ours = "treadle_run_attempts_total", f"http://127.0.0.1:{shop.port}/metrics"
    until(lambda: scrape(ours).total(name) == scrape_server(shop.server).total(name) > 0, "the same of both")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{shop.server.url}/metrics", timeout=20)  # noqa: S310
    assert refused.value.code == 401


def test_no_id_and_nothing_undescribed_is_told(shop: Shop) -> None:
    run_id = shop.run("shop.order")
    found = scrape_server(shop.server)
    assert {f"{name}_total" if family.type == "counter" else name for name, family in found.families.items()} <= set(
        CATALOG
    )
    used = {name for sample in found.samples for name in sample.labels}
    assert used <= BOUNDED | {"domain", "queue"}
    values = found.labels(*used)
    assert run_id not in values
    assert not [value for value in values if re.search(r"_[0-9a-f]{32}", value)]
    assert found.labels("queue") <= {"default", "orders"}


def test_a_token_of_one_domain_sees_the_figures_of_its_own_alone(shop: Shop) -> None:
    shop.run("shop.order")
    until(lambda: counted_to(1, shop), "its count")
    elsewhere = scrape_server(shop.server, **shop.token("elsewhere"))
    assert elsewhere.labels("domain") <= {"elsewhere"}
    assert not elsewhere.total("treadle_run_attempts_total")
    own = scrape_server(shop.server, **shop.token("default"))
    assert own.labels("domain") == {"default"}
    assert own.total("treadle_run_attempts_total") > 0
    for found in (elsewhere, own):  # nor what the processes do for all domains together
        assert all("domain" in sample.labels for sample in found.samples)


def test_each_role_tells_its_own_where_it_has_a_port(tmp_path: Path, postgres_url: str) -> None:
    """A worker's parent for its children too, also when one of them was killed."""
    ports = {"scheduler": free_port(), "worker": free_port()}
    with fleet(tmp_path, postgres_url) as one:
        for role, port in ports.items():
            one.start(role, TREADLE_METRICS_PORT=str(port), TREADLE_PROCESSES="1", TREADLE_LEASE_SEC="20")
        until(lambda: one.seen("worker"), "a worker")
        one.define("hello", "echo hello")
        one.define("fatal", 'kill -9 "$PPID"', retry_policy={"max_retry": 0})
        for _ in range(3):
            one.await_status(one.submit("hello"), "completed")
        killed = one.submit("fatal")
        worker = f"http://127.0.0.1:{ports['worker']}/metrics"
        name = "treadle_run_attempts_total"
        until(lambda: scrape(worker).total(name, outcome="lose") >= 1, "a loss that its parent settled")
        one.server.post(f"/runs/{killed}/cancel")
        assert scrape(worker).total(name, outcome="succeed") == 3  # by a process that has died since
        scheduler = scrape(f"http://127.0.0.1:{ports['scheduler']}/metrics")
        assert scheduler.labels("role") == {"scheduler"}
        assert not scrape_server(one.server).total(name)  # what is told on a port is not told twice


def test_the_catalog_has_no_label_that_could_hold_an_id() -> None:
    assert {label for metric in CATALOG.values() for label in metric.labels} <= BOUNDED | {"domain", "queue"}


def test_a_port_of_this_machine_answers_under_this_machine_s_names_alone(shop: Shop) -> None:
    """A page could else read all figures: its name leads here once its DNS says so."""
    answers = {}
    for host in ("127.0.0.1", "localhost", "[::1]:9", "evil.example", "evil.example:9", ""):
        connection = HTTPConnection("127.0.0.1", shop.port, timeout=20)
        connection.request("GET", "/metrics", headers={"Host": host})
        answers[host] = connection.getresponse().status
        connection.close()
    assert answers == {
        "127.0.0.1": 200,
        "localhost": 200,
        "[::1]:9": 200,
        "evil.example": 403,
        "evil.example:9": 403,
        "": 403,
    }
