"""Metrics as Prometheus reads them."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterable

from prometheus_client.parser import text_string_to_metric_families

from treadle.cli.server import Server


class Scrape:
    """What one scrape told."""

    def __init__(self, text: str) -> None:
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self.samples = [sample for family in self.families.values() for sample in family.samples]

    def values(self, name: str, **labels: str) -> list[float]:
        """The values of the samples of a name that have these labels."""
        return [each.value for each in self.samples if each.name == name and labels.items() <= each.labels.items()]

    def total(self, name: str, **labels: str) -> float:
        """Their sum."""
        return sum(self.values(name, **labels))

    def labels(self, *names: str) -> set[str]:
        """All values of labels of some names."""
        return {value for sample in self.samples for name, value in sample.labels.items() if name in names}


def scrape(url: str, headers: Iterable[tuple[str, str]] = ()) -> Scrape:
    """The metrics at a URL."""
    with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers)), timeout=20) as answer:  # noqa: S310
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        return Scrape(answer.read().decode())


def scrape_server(server: Server, **headers: str) -> Scrape:
    """The metrics that a server's API tells, by its token unless another is given."""
    return scrape(f"{server.url}/metrics", {**server._headers, **headers}.items())
