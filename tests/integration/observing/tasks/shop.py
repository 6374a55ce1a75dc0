"""The jobs of a shop that is observed."""

from __future__ import annotations

import os

from opentelemetry import trace

from treadle import job


@job("shop.order", queue="orders")
def order() -> str:
    """Says in which trace it runs, by OpenTelemetry's own API."""
    with trace.get_tracer("shop").start_as_current_span("pack"):
        return trace.format_trace_id(trace.get_current_span().get_span_context().trace_id)


@job("shop.apart", isolation="process")
def apart() -> str:
    """The same in a process of its own."""
    with trace.get_tracer("shop").start_as_current_span("pack apart"):
        return os.environ.get("TRACEPARENT", "")


@job("shop.broken", max_retries=1, retry_delay_seconds=0)
def broken(word: str = "") -> None:
    """Fails, and says why."""
    raise RuntimeError(f"no luck with {word}")
