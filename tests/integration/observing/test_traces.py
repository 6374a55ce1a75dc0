"""One trace from whoever submits, through the API and the wait, into the handler: as a collector gets it by OTLP."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from opentelemetry import trace
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.sdk.trace import TracerProvider

from tests.integration.observing.conftest import Shop
from tests.support.otlp import Receiver
from tests.support.up import until
from treadle import Client

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"

APART = 1_000_000_000
"""Nanoseconds: the wait is told by the engine's clock, the run by the worker's."""


def spans(received: Receiver, trace_id: str, *names: str) -> dict[str, tuple[str, Span]]:
    """The spans of a trace, as soon as those of these names have come."""
    return until(
        lambda: found if set(names) <= (found := received.of(trace_id)).keys() else None, f"{names} of {trace_id}"
    )


def submitted(shop: Shop, job_id: str, traceparent: str) -> dict[str, str]:
    """The answer to a submit by a caller that has a span."""
    headers = {**shop.server._headers, "Content-Type": "application/json", "traceparent": traceparent}
    asked = urllib.request.Request(f"{shop.server.url}/jobs/{job_id}/run", b"{}", headers)  # noqa: S310
    with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310
        told: dict[str, str] = json.loads(answer.read())
        return {**told, "trace_id": answer.headers["x-trace-id"]}


def result(shop: Shop, run_id: str) -> str:
    until(lambda: shop.up.status(run_id) == "completed", f"the end of {run_id}")
    return str(shop.server.get(f"/runs/{run_id}")["result"])


def test_one_trace_leads_from_the_caller_through_api_and_wait_into_the_handler(shop: Shop) -> None:
    run = submitted(shop, "shop.order", PARENT)
    assert run["trace_id"] == TRACE
    assert result(shop, run["run_id"]) == TRACE
    found = spans(shop.traces, TRACE, "POST /jobs/{job_id}/run", "wait", "run shop.order", "pack")
    (api, served), (_, waited) = found["POST /jobs/{job_id}/run"], found["wait"]
    (worker, ran), (_, packed) = found["run shop.order"], found["pack"]
    assert (api, worker) == ("treadle-api", "treadle-worker")
    assert served.parent_span_id.hex() == "00f067aa0ba902b7"
    assert waited.parent_span_id == ran.parent_span_id == served.span_id
    assert packed.parent_span_id == ran.span_id
    assert {each.key: each.value.string_value for each in ran.attributes}["treadle.run_id"] == run["run_id"]
    assert waited.start_time_unix_nano <= waited.end_time_unix_nano <= ran.end_time_unix_nano + APART


def test_it_leads_into_a_process_of_its_own_and_into_programs(shop: Shop) -> None:
    trace_id = TRACE[::-1]
    run = submitted(shop, "shop.apart", f"00-{trace_id}-00f067aa0ba902b7-01")
    seen = result(shop, run["run_id"])
    found = spans(shop.traces, trace_id, "run shop.apart", "pack apart")
    attempt = found["run shop.apart"][1].span_id
    assert seen == f"00-{trace_id}-{attempt.hex()}-01"
    assert (found["pack apart"][0], found["pack apart"][1].parent_span_id) == ("treadle-handler", attempt)

    shop.up.define(job_id="tell", script='echo "\\"$TRACEPARENT\\"" > "$TREADLE_RESULT_FILE"')
    told = result(shop, submitted(shop, "tell", PARENT)["run_id"])
    assert told == f"00-{TRACE}-{spans(shop.traces, TRACE, 'run tell')['run tell'][1].span_id.hex()}-01"
    shop.server.delete("/jobs/tell")


def test_a_problem_and_a_failed_attempt_tell_of_themselves(shop: Shop) -> None:
    asked = urllib.request.Request(  # noqa: S310
        f"{shop.server.url}/jobs/nowhere", headers={**shop.server._headers, "traceparent": PARENT}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=20)  # noqa: S310
    assert json.loads(refused.value.read())["trace_id"] == refused.value.headers["x-trace-id"] == TRACE
    trace_id = "c" * 32
    run = submitted(shop, "shop.broken", f"00-{trace_id}-00f067aa0ba902b7-01")
    until(lambda: shop.up.status(run["run_id"]) == "failed", "the end")
    (_, failed) = spans(shop.traces, trace_id, "run shop.broken")["run shop.broken"]
    assert failed.status.code == Status.STATUS_CODE_ERROR


def test_a_client_carries_the_span_of_the_program_that_it_is_in(shop: Shop) -> None:
    tracer = TracerProvider().get_tracer("program")
    with (
        Client(shop.server.url, token=shop.server._headers["Authorization"].removeprefix("Bearer ")) as client,
        tracer.start_as_current_span("submit") as span,
    ):
        run_id = client.enqueue("shop.order")
    assert result(shop, run_id) == trace.format_trace_id(span.get_span_context().trace_id)


def test_a_schedule_that_fires_begins_a_trace(shop: Shop) -> None:
    shop.server.post("/jobs", {"job_id": "ticks", "type": "shop.order", "schedule": {"interval_sec": 1}})

    def fired() -> str | None:
        runs = shop.server.get("/runs", job="ticks", status="completed", limit=1)["items"]
        return str(shop.server.get(f"/runs/{runs[0]['run_id']}")["result"]) if runs else None

    trace_id = until(fired, "a fire")
    shop.server.delete("/jobs/ticks")
    found = spans(shop.traces, trace_id, "fire schedule", "run ticks")
    assert found["fire schedule"][0] == "treadle-scheduler"
    assert found["run ticks"][1].parent_span_id == found["fire schedule"][1].span_id


def test_nothing_of_opentelemetry_is_imported_where_no_traces_are_wanted() -> None:
    """The web framework imports its part of it by itself where that is installed."""
    modules = "treadle.worker.child, treadle.services.runs, treadle.scheduler.main, treadle.executors.isolated_main"
    program = f"import sys, {modules}"
    program += "; assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_who_wants_traces_without_the_extra_is_told_what_to_install() -> None:
    program = "import sys; sys.modules['opentelemetry'] = None\nfrom treadle import tracing\n"
    program += "tracing.set_up('api', 'http://127.0.0.1:1/v1/traces')"
    said = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert "pip install 'treadle[otel]'" in said.stderr
