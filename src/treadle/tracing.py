"""The trace that work belongs to, as W3C Trace Context writes it; spans of it by OpenTelemetry, where that is set up.

A trace is carried on with or without OpenTelemetry: a call over HTTP has one, the runs that it submits have, and
programs find it in `TRACEPARENT`. OpenTelemetry is imported by `set_up` alone; a program of somebody's own that uses it
has a span under way, and that goes before.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.instants import Instant

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

TRACEPARENT: Final = "TRACEPARENT"
"""The variable in which programs find it."""

_FORM: Final = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_EXPORT_SECONDS: Final = 2
_EVERY_MS: Final = 1_000
_NANOSECONDS: Final = 1_000

_carried: Final[ContextVar[str]] = ContextVar("traceparent", default="")
_provider: TracerProvider | None = None
_tracer: Tracer | None = None


class Kind(StrEnum):
    """What a span is to those beside it; OpenTelemetry's words."""

    SERVER = "SERVER"
    PRODUCER = "PRODUCER"
    CONSUMER = "CONSUMER"
    INTERNAL = "INTERNAL"


class Part:
    """A span that is under way, or nothing where none are made."""

    def __init__(self, span: Span | None = None) -> None:
        self._span = span

    def name(self, name: str, **attributes: str | int) -> None:
        """Say what it is once that is known."""
        if self._span is not None:
            self._span.update_name(name)
            self._span.set_attributes(attributes)

    def fail(self, why: str) -> None:
        """Say that it came to nothing."""
        if self._span is not None:
            from opentelemetry.trace import StatusCode

            self._span.set_status(StatusCode.ERROR, why)


def set_up(service: str, url: str) -> None:
    """Make spans from now on, and send them by OTLP over HTTP to `url`; nothing where that is empty.

    Raises InvalidInput where OpenTelemetry is not installed. What else can be said is said by its own `OTEL_…`.
    """
    if not url:
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        message = "traces need OpenTelemetry, which is not installed: pip install 'treadle[otel]'"
        raise InvalidInput([Problem("TREADLE_TRACES_URL", message)]) from error
    global _provider, _tracer
    _provider = TracerProvider(resource=Resource.create({"service.name": f"treadle-{service}"}))
    exporter = OTLPSpanExporter(endpoint=url, timeout=_EXPORT_SECONDS)
    _provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_EVERY_MS))
    trace.set_tracer_provider(_provider)
    _tracer = _provider.get_tracer("treadle")


def shut_down() -> None:
    """Send what has not been sent."""
    if _provider is not None:
        _provider.shutdown()


def is_on() -> bool:
    """Whether this process makes spans."""
    return _tracer is not None


def current() -> str:
    """The `traceparent` of what is under way: of OpenTelemetry's span, else the one that is carried on, else empty."""
    otel = sys.modules.get("opentelemetry.trace")
    if otel is not None and (context := otel.get_current_span().get_span_context()).is_valid:
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
    return _carried.get()


def trace_id(traceparent: str) -> str:
    """The trace that a `traceparent` names; empty for what is none."""
    match = _FORM.fullmatch(traceparent)
    return match[1] if match else ""


def begun() -> str:
    """The `traceparent` of a trace that begins here, and of which nobody makes spans."""
    return f"00-{random.getrandbits(128) or 1:032x}-{random.getrandbits(64) or 1:016x}-00"


def carry_on(traceparent: str) -> None:
    """In this context, what is submitted from now on belongs to a trace."""
    _carried.set(traceparent)


@contextmanager
def span(
    name: str, kind: Kind = Kind.INTERNAL, *, parent: str = "", attributes: Mapping[str, str | int] | None = None
) -> Iterator[Part]:
    """What is done within the block is a span, below that of `parent` where it is given."""
    if _tracer is None:
        yield Part()
        return
    from opentelemetry.trace import SpanKind

    with _tracer.start_as_current_span(
        name, _context(parent), kind=SpanKind[kind], attributes=dict(attributes or {})
    ) as under_way:
        yield Part(under_way)


def record(name: str, start: Instant, end: Instant, *, parent: str, attributes: Mapping[str, str | int]) -> None:
    """Tell of a span that has been."""
    if _tracer is not None:
        begun_at = _tracer.start_span(
            name, _context(parent), attributes=dict(attributes), start_time=start * _NANOSECONDS
        )
        begun_at.end(end * _NANOSECONDS)


def attach(traceparent: str) -> None:
    """Let all that this process does belong to a trace; its spans lie below the one that is named."""
    carry_on(traceparent)
    if _tracer is not None:
        from opentelemetry import context

        context.attach(_context(traceparent))


def _context(parent: str) -> Any:
    """OpenTelemetry's context of a `traceparent`; the present one without."""
    if not parent:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent})
