"""`POST /runs`: one run or up to a thousand of any jobs, all or none."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.integration.api.server import Server

KEY = {"Idempotency-Key": "night-1"}


@pytest.fixture
async def jobs(server: Server) -> Server:
    await server.create_job()
    schema = {"properties": {"n": {"type": "integer"}}, "required": ["n"]}
    await server.create_job(job_id="counted", inputs={}, inputs_schema=schema)
    return server


async def submit(server: Server, *runs: dict[str, Any], headers: dict[str, str] | None = None) -> httpx2.Response:
    return await server.client.post("/runs", json={"runs": runs}, headers=headers)


async def stored(server: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await server.client.get("/runs", params={"limit": 200})).json()["items"]
    return found


async def test_one_run_needs_no_list(jobs: Server) -> None:
    answer = await jobs.client.post("/runs", json={"job_id": "report", "inputs": {"b": 3}, "priority": "high"})
    assert answer.status_code == 202
    ((accepted,), (run,)) = answer.json()["items"], await stored(jobs)
    assert accepted == {"run_id": run["run_id"], "job_id": "report", "admission": "created"}
    assert (run["inputs"], run["priority"], run["cause"]) == ({"a": 1, "b": 3}, "high", "api")


async def test_runs_of_several_jobs_are_accepted_in_their_order(jobs: Server) -> None:
    wanted = [{"job_id": "counted", "inputs": {"n": n}} if n % 2 else {"job_id": "report"} for n in range(100)]
    items = (await submit(jobs, *wanted)).json()["items"]
    assert [each["job_id"] for each in items] == [each["job_id"] for each in wanted]
    assert [each["run_id"] for each in items] == [run["run_id"] for run in reversed(await stored(jobs))]


async def test_a_thousand_runs_are_one_batch_and_one_more_is_refused(jobs: Server) -> None:
    assert len((await submit(jobs, *[{"job_id": "report"}] * 1000)).json()["items"]) == 1000
    for count in (0, 1001):
        refused = await submit(jobs, *[{"job_id": "report"}] * count)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/runs")


async def test_one_fault_refuses_all_and_every_fault_is_named_by_its_place(jobs: Server) -> None:
    refused = await submit(
        jobs,
        {"job_id": "report"},
        {"job_id": "nobody"},
        {"job_id": "counted", "inputs": {"n": "one"}},
        {"job_id": "counted"},
        {"job_id": "report", "delay_sec": 5, "at": "2026-11-05T09:00:00Z"},
    )
    assert refused.status_code == 422
    told = [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]]
    assert told[:3] == [
        ("/runs/1/job_id", "job_missing"),
        ("/runs/2/inputs/n", "invalid"),
        ("/runs/3/inputs/n", "missing"),
    ]
    assert told[3] == ("/runs/4/at", "conflict")
    assert await stored(jobs) == []


async def test_wrong_shapes_are_named_by_their_places(jobs: Server) -> None:
    refused = await submit(jobs, {"job_id": "report"}, {"inputs": {}}, {"job_id": "report", "sooner": True})
    assert refused.status_code == 422
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/runs/1/job_id", "/runs/2/sooner"]
    alone = await jobs.client.post("/runs", json={"job_id": "nobody"})
    assert (alone.status_code, alone.json()["errors"][0]["pointer"]) == (422, "/job_id")
    wrong: list[Any] = [[], "report", {}, {"runs": {}}, {"runs": [], "job_id": "report"}]
    for body in wrong:
        assert (await jobs.client.post("/runs", json=body)).status_code == 422


async def test_what_the_engine_refuses_is_named_by_its_place(jobs: Server) -> None:
    await jobs.create_job(job_id="closed", queue="closed")
    await jobs.client.post("/queues/closed/drain")
    refused = await submit(jobs, {"job_id": "report"}, {"job_id": "closed"})
    assert (refused.status_code, refused.json()["code"]) == (409, "queue_draining")
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/runs/1"]
    refused = await submit(jobs, {"job_id": "report"}, {"job_id": "report", "depends_on": ["run_0"]})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/runs/1/depends_on/0")
    await jobs.create_job(job_id="large", inputs={"standing": "x" * 1000})
    refused = await submit(jobs, {"job_id": "large", "inputs": {"text": "x" * (1024 * 1024 - 100)}})
    assert (refused.status_code, refused.json()["errors"]) == (
        413,
        [{"pointer": "/runs/0", "message": refused.json()["detail"], "code": "payload_too_large"}],
    )
    assert await stored(jobs) == []


async def test_a_key_stands_for_the_whole_batch(jobs: Server) -> None:
    wanted = [{"job_id": "report", "inputs": {"b": n}} for n in range(3)]
    first = await submit(jobs, *wanted, headers=KEY)
    again = await submit(jobs, *wanted, headers=KEY)
    assert [each["run_id"] for each in again.json()["items"]] == [each["run_id"] for each in first.json()["items"]]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    other = await submit(jobs, *wanted[:2], headers=KEY)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert len(await stored(jobs)) == 3


async def test_a_refused_batch_does_not_take_its_key(jobs: Server) -> None:
    assert (await submit(jobs, {"job_id": "report"}, {"job_id": "nobody"}, headers=KEY)).status_code == 422
    assert (await submit(jobs, {"job_id": "report"}, headers=KEY)).status_code == 202


async def test_a_batch_may_hold_runs_that_stand_already(jobs: Server) -> None:
    await jobs.create_job(job_id="once", unique={"key": "{a}"}, inputs={"a": "x"})
    items = (await submit(jobs, {"job_id": "once"}, {"job_id": "once"}, {"job_id": "report"})).json()["items"]
    assert [each["admission"] for each in items] == ["created", "duplicate", "created"]
    assert items[0]["run_id"] == items[1]["run_id"]
