"""Figures in the format that Prometheus reads; and a port of their own, by the client library's server."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from treadle.domain.errors import Unavailable
from treadle.hosts import is_loopback, is_own_name
from treadle.meters.catalog import CATALOG, Kind, Metric
from treadle.meters.tally import Rows

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

MEDIA_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
_PATIENCE_SECONDS: Final = 10.0


class _Told(Collector):
    """Rows as the library takes them."""

    def __init__(self, read: Callable[[], Rows]) -> None:
        self._read = read

    def collect(self) -> Iterator[Family]:
        """See `Collector`."""
        by_name: dict[str, list[tuple[tuple[str, ...], list[float]]]] = defaultdict(list)
        for (name, *labels), numbers in sorted(self._read().items()):
            by_name[name].append((tuple(labels), numbers))
        for name, series in by_name.items():
            yield _family(CATALOG[name], series)


def render(rows: Rows) -> bytes:
    """The text that tells figures."""
    return generate_latest(_Told(lambda: rows))


@contextmanager
def own_port(
    host: str, port: int, read: Callable[[], Awaitable[Rows]], allowed: Collection[str] = ()
) -> Iterator[None]:
    """Tell figures on a port of their own, without a token, until the block ends; `read` is called in this loop.

    On this machine's own address it answers under this machine's names and those that are `allowed`: a page that a
    browser here has open could ask it under another. Raises Unavailable where the port cannot be had.
    """
    loop = asyncio.get_running_loop()

    async def ask() -> Rows:
        return await read()

    registry = CollectorRegistry(support_collectors_without_names=True)
    registry.register(_Told(lambda: asyncio.run_coroutine_threadsafe(ask(), loop).result(_PATIENCE_SECONDS)))
    try:
        server, _ = start_http_server(port, host, registry)
    except OSError as error:
        raise Unavailable(f"cannot tell metrics on {host} port {port}: {error.strerror or error}") from error
    if is_loopback(host) and (app := server.get_app()) is not None:
        server.set_app(_guarded(app, frozenset(name.lower() for name in allowed)))
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _guarded(app: WSGIApplication, allowed: Collection[str]) -> WSGIApplication:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if is_own_name(environ.get("HTTP_HOST", ""), allowed):
            return app(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain")])
        return [b"this server has another name: TREADLE_ALLOWED_HOSTS lists more\n"]

    return answer


def _family(metric: Metric, series: list[tuple[tuple[str, ...], list[float]]]) -> Family:
    if metric.kind is Kind.HISTOGRAM:
        histogram = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        ends = [*map(str, metric.bounds), "+Inf"]
        for labels, (*buckets, total) in series:
            histogram.add_metric(labels, list(zip(ends, accumulate(buckets), strict=True)), total)
        return histogram
    make = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = make(metric.name, metric.help, labels=metric.labels)
    for labels, (value,) in series:
        family.add_metric(labels, value)
    return family
