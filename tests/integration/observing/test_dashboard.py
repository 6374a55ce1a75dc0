"""The dashboard and the scrape configuration that are shipped: they ask for what /metrics really tells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.integration.observing.conftest import Shop
from tests.support.metrics import Scrape, scrape_server
from tests.support.up import until

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "treadle.json").read_text(encoding="utf-8"))
SELECTOR = re.compile(r"(treadle_\w+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"by \(([^)]*)\)")


def queries() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (each["query"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query")


def everything(shop: Shop) -> Scrape:
    """A scrape after everything has happened once that is told: a schedule fired, a lane used, a call refused."""
    schedule = {"interval_sec": 1}
    shop.server.post("/jobs", {"job_id": "often", "type": "shop.order", "schedule": schedule, "max_concurrent": 1})
    shop.run("shop.order")
    wanted = ("treadle_schedule_fire_lag_seconds_count", "treadle_lane_slots_limit")
    found = until(
        lambda: seen if all(map((seen := scrape_server(shop.server)).values, wanted)) else None,
        "a fire, and a look at lanes",
    )
    shop.server.delete("/jobs/often")
    return found


def test_every_query_finds_what_it_asks_for(shop: Shop) -> None:
    found = everything(shop)
    labels: dict[str, set[str]] = {}
    for sample in found.samples:
        labels.setdefault(sample.name, set()).update(sample.labels)
    labels.setdefault("treadle_engine_errors_total", {"role", "store", "verb", "error"})  # there once something fails
    for query in queries():
        asked = SELECTOR.findall(query)
        assert asked, query
        for name, selected in asked:
            assert name in labels, query
            wanted = {each for group in GROUPED.findall(query) for each in re.findall(r"\w+", group)}
            assert wanted | set(re.findall(r"(\w+)=~?\"", selected)) <= labels[name], query


def test_every_metric_has_its_place_on_the_dashboard() -> None:
    from treadle.meters.catalog import CATALOG

    asked = {re.sub(r"_(bucket|count|sum)$", "", name) for query in queries() for name, _ in SELECTOR.findall(query)}
    assert asked == set(CATALOG)


def test_prometheus_is_told_where_to_scrape_and_how() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    by_token, by_port = config["scrape_configs"]
    assert by_token["metrics_path"] == "/metrics"
    assert by_token["authorization"]["type"] == "Bearer"
    assert "authorization" not in by_port
