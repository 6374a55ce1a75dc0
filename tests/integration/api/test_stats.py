"""Figures over HTTP: what is told is what happened."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.api.server import Hands, Server
from treadle.domain.instants import DAY, HOUR, MINUTE, SECOND, to_iso
from treadle.domain.outcomes import Failed, Outcome, RunError, Succeeded
from treadle.scheduler.rollup import Rollup
from treadle.testing.driver import new_id

NO = Failed(RunError("exception", "no", "ValueError"), retry=False)


async def end(server: Server, *outcomes: Outcome, job_id: str = "report", **document: Any) -> list[str]:
    """Runs of a job that end so, counted; their ids."""
    if (await server.client.get(f"/jobs/{job_id}")).status_code == 404:
        await server.create_job(job_id=job_id, **document)
    hands = Hands(server.engine, new_id("wkr"))
    await hands.register()
    ids = []
    for outcome in outcomes:
        await server.submit(job_id)
        (claim,) = await hands.claim()
        await hands.settle(claim, outcome)
        ids.append(claim.id)
    await Rollup(server.engine).catch_up()
    return ids


async def get(server: Server, path: str, **params: Any) -> Any:
    response = await server.client.get(path, params=params)
    assert response.status_code == 200, response.text
    return response.json()


async def test_an_overview_has_the_five_figures(server: Server) -> None:
    await end(server, Succeeded(), Succeeded(), Succeeded(), NO, schedule={"interval_sec": 3600})
    await server.submit()
    await server.submit(delay_sec=600)
    for window in ("1h", "24h", "7d", "30d"):
        told = await get(server, "/stats/overview", window=window)
        assert (told["window"], told["completed"], told["failed"], told["success_rate"]) == (window, 3, 1, 0.75)
    assert told["duration_sec"]["count"] == told["wait_sec"]["count"] == 4
    assert told["duration_sec"]["p95"] is not None
    live = told["live"]
    assert (live["ready"], live["scheduled"], live["running"], live["at_least"]) == (1, 1, 0, False)
    assert live["oldest_wait_sec"] >= 0
    assert told["next_run_at"] == (await get(server, "/jobs/report"))["next_run_at"]


async def test_figures_are_told_of_a_job_or_a_queue(server: Server) -> None:
    await end(server, Succeeded(), NO)
    await end(server, NO, job_id="mail", queue="mail")
    for filters, expected in (({}, (1, 2)), ({"job": "mail"}, (0, 1)), ({"queue": "default"}, (1, 1))):
        told = await get(server, "/stats/overview", **filters)
        assert (told["completed"], told["failed"]) == expected
    assert (await get(server, "/stats/overview", job="unknown"))["success_rate"] is None
    both = await server.client.get("/stats/overview", params={"job": "mail", "queue": "mail"})
    assert (both.status_code, both.json()["errors"][0]["pointer"]) == (422, "/query/queue")


@pytest.mark.parametrize(("bucket", "length", "span"), [("minute", MINUTE, HOUR), ("hour", HOUR, DAY)])
async def test_a_series_has_every_bucket_of_its_range(server: Server, bucket: str, length: int, span: int) -> None:
    await end(server, Succeeded(), NO)
    until = server.engine.now() + SECOND
    told = await get(server, "/stats/timeseries", bucket=bucket, since=to_iso(until - span), until=to_iso(until))
    assert len(told["items"]) == span // length + 1
    assert [sum(item[state] for item in told["items"]) for state in ("completed", "failed")] == [1, 1]
    usual = await get(server, "/stats/timeseries", bucket=bucket)
    assert sum(item["completed"] for item in usual["items"]) == 1


async def test_days_are_those_of_the_callers_zone(server: Server) -> None:
    await end(server, Succeeded())
    told = await get(server, "/stats/timeseries", bucket="day", timezone="Asia/Jakarta")
    assert told["timezone"] == "Asia/Jakarta"
    assert {item["start"][11:] for item in told["items"]} == {"17:00:00Z"}
    assert sum(item["completed"] for item in told["items"]) == 1


async def test_a_heatmap_has_the_hours_of_a_week(server: Server) -> None:
    await end(server, Succeeded(), NO)
    told = await get(server, "/stats/heatmap", timezone="Asia/Jakarta", weeks=2)
    assert [(cell["weekday"], cell["hour"]) for cell in told["items"]] == [(d, h) for d in range(7) for h in range(24)]
    assert sum(cell["completed"] for cell in told["items"]) == sum(cell["failed"] for cell in told["items"]) == 1


@pytest.mark.parametrize(
    ("path", "params", "pointer"),
    [
        ("timeseries", {"since": "2026-01-01T00:00:00Z", "until": "2026-02-02T00:00:00Z"}, "/query/since"),
        ("timeseries", {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "/query/since"),
        ("timeseries", {"since": "yesterday"}, "/query/since"),
        ("timeseries", {"until": "0001-01-01T00:00:00Z"}, "/query/since"),
        ("timeseries", {"timezone": "Asia/Jakrta"}, "/query/timezone"),
        ("timeseries", {"bucket": "week"}, "/query/bucket"),
        ("heatmap", {"weeks": 14}, "/query/weeks"),
        ("heatmap", {"timezone": "nowhere"}, "/query/timezone"),
        ("overview", {"window": "2h"}, "/query/window"),
    ],
)
async def test_what_is_no_range_or_zone_is_refused(server: Server, path: str, params: Any, pointer: str) -> None:
    refused = await server.client.get(f"/stats/{path}", params=params)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), refused.text


async def test_jobs_are_listed_with_how_their_last_runs_ended(server: Server) -> None:
    first, second, third = await end(server, Succeeded(), NO, Succeeded(), schedule={"interval_sec": 3600})
    await server.create_job(job_id="zero")
    page = await get(server, "/overview/jobs", limit=1, runs=2)
    (job,) = page["items"]
    assert (job["job_id"], job["enabled"], job["success_rate"]) == ("report", True, 0.5)
    assert [(run["run_id"], run["status"]) for run in job["recent"]] == [(third, "completed"), (second, "failed")]
    assert job["next_run_at"] is not None
    (rest,) = (await get(server, "/overview/jobs", limit=1, cursor=page["next_cursor"]))["items"]
    assert (rest["job_id"], rest["recent"], rest["success_rate"]) == ("zero", [], None)
    assert first not in str(page)


async def test_jobs_are_found_by_text_tag_switch_and_how_their_last_run_ended(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await end(server, Succeeded(), NO, tags=["money"])
    await server.create_job(job_id="b", name="Nightly backup", enabled=False, tags=["ops"])
    await server.create_job(job_id="c", description="also at night")

    async def found(**filters: object) -> list[str]:
        return [job["job_id"] for job in (await get(server, "/overview/jobs", **filters))["items"]]

    assert await found(q="NIGHT") == ["b", "c"]
    assert await found(tag=["money", "ops"]) == ["b", "report"]
    assert await found(enabled=False) == ["b"]
    assert await found(failing=True) == ["report"]
    assert await found(failing=True, tag=["ops"]) == []
    (report,) = (await get(server, "/overview/jobs", q="report"))["items"]
    assert report["tags"] == ["money"]
    # Where many do not fit, a page ends early: the next one goes on behind what was looked at.
    monkeypatch.setattr("treadle.services.job_views.MOST_LOOKED_AT", 2)
    first = await get(server, "/overview/jobs", limit=1, failing=True)
    assert (first["items"], first["has_more"]) == ([], True)
    (last,) = (await get(server, "/overview/jobs", limit=1, failing=True, cursor=first["next_cursor"]))["items"]
    assert last["job_id"] == "report"


async def test_a_grid_has_the_attempts_of_the_last_runs(server: Server) -> None:
    await server.create_job(retry_policy={"max_retry": 1, "backoff_sec": [0]})
    hands = Hands(server.engine)
    await hands.register()
    await server.submit()
    for outcome in (Failed(RunError("exception", "once")), Succeeded()):
        (claim,) = await hands.claim()
        await hands.settle(claim, outcome)
    grid = await get(server, "/jobs/report/grid")
    (run,) = grid["runs"]
    assert (grid["attempts"], run["status"]) == (2, "completed")
    assert [(cell["attempt"], cell["outcome"]) for cell in run["attempts"]] == [
        (1, "retry_scheduled"),
        (2, "completed"),
    ]
    (gantt,) = (await get(server, "/jobs/report/gantt"))["runs"]
    assert [span["kind"] for span in gantt["spans"] if span["kind"] == "running"] == ["running", "running"]
    assert all(one["end"] == other["start"] for one, other in zip(gantt["spans"], gantt["spans"][1:], strict=False))


@pytest.mark.parametrize("view", ["grid", "gantt", "graph"])
async def test_a_view_of_a_job_that_is_not_there_is_404(server: Server, view: str) -> None:
    assert (await server.client.get(f"/jobs/none/{view}")).status_code == 404


async def test_a_graph_has_the_jobs_that_hang_together_and_no_others(server: Server) -> None:
    (run_id,) = await end(server, Succeeded())
    await server.create_job(job_id="mail", after=[{"job": "report", "if": {"path": "/rows", "exists": True}}])
    await server.create_job(job_id="sum", dependencies=["report"], after=["mail"])
    await server.create_job(job_id="alone")
    for job_id in ("report", "mail", "sum"):
        graph = await get(server, f"/jobs/{job_id}/graph")
        assert {node["job_id"] for node in graph["nodes"]} == {"report", "mail", "sum"}
        edges = {(edge["upstream"], edge["downstream"], edge["kind"]) for edge in graph["edges"]}
        assert edges == {("report", "mail", "after"), ("report", "sum", "dependency"), ("mail", "sum", "after")}
        assert graph["whole"] is True
    (conditional,) = [edge for edge in graph["edges"] if edge["condition"]]
    assert conditional["downstream"] == "mail"
    (node,) = [node for node in graph["nodes"] if node["job_id"] == "report"]
    assert (node["last_run"]["run_id"], node["last_run"]["status"]) == (run_id, "completed")
