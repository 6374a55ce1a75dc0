"""Versions of jobs, and jobs that are not kept."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.api.server import Hands, Server


async def test_a_job_says_again_what_it_said(server: Server) -> None:
    await server.create_job(description="one")
    await server.client.put("/jobs/report", json={"job_id": "report", "type": "report.daily", "description": "two"})
    then = (await server.client.get("/jobs/report/versions/1")).json()
    assert (then["version"], then["description"]) == (1, "one")
    back = await server.client.post("/jobs/report/rollback/1", headers={"If-Match": '"2"'})
    assert (back.status_code, back.json()["version"], back.json()["description"]) == (200, 3, "one")
    stale = await server.client.post("/jobs/report/rollback/2", headers={"If-Match": '"2"'})
    assert stale.status_code == 412
    assert (await server.client.get("/jobs/report")).json()["version"] == 3


@pytest.mark.parametrize(("path", "status"), [("9", 404), ("0", 422), ("x", 422)])
async def test_a_version_that_there_is_not_is_refused(server: Server, path: str, status: int) -> None:
    await server.create_job()
    assert (await server.client.post(f"/jobs/report/rollback/{path}")).status_code == status
    assert (await server.client.get(f"/jobs/report/versions/{path}")).status_code == status


async def test_a_job_runs_once_and_is_not_kept(server: Server) -> None:
    hands = Hands(server.engine)
    await hands.register("handler:tidy")
    body = {"type": "tidy", "inputs": {"a": 1}}
    run = await server.client.post("/jobs/adhoc", json=body, headers={"Idempotency-Key": "k"})
    assert (run.status_code, run.json()["job_id"]) == (202, "adhoc")
    again = await server.client.post("/jobs/adhoc", json=body, headers={"Idempotency-Key": "k"})
    assert again.json()["run_id"] == run.json()["run_id"]
    (claim,) = await hands.claim()
    await hands.settle(claim)
    assert (await server.client.get("/jobs")).json()["items"] == []
    (found,) = (await server.client.get("/history", params={"job": "adhoc"})).json()["items"]
    assert (found["run_id"], found["status"]) == (run.json()["run_id"], "completed")
    retried = await server.client.post(f"/runs/{found['run_id']}/retry")
    assert retried.status_code == 202


@pytest.mark.parametrize(
    ("document", "status", "pointer"),
    [
        ({"type": "tidy", "schedule": {"interval_sec": 5}}, 422, "/schedule"),
        ({"type": "tidy", "after": "report"}, 422, "/after"),
        ({"type": "tidy", "colour": 1}, 422, "/colour"),
        ({"type": "tidy", "job_id": "report"}, 409, None),
    ],
)
async def test_what_cannot_run_once_is_refused(
    server: Server, document: dict[str, Any], status: int, pointer: str | None
) -> None:
    await server.create_job()
    response = await server.client.post("/jobs/adhoc", json=document)
    assert response.status_code == status
    assert pointer in [None, *(fault["pointer"] for fault in response.json()["errors"])]
    assert (await server.client.get("/runs")).json()["items"] == []


async def test_history_has_finished_runs_alone(server: Server) -> None:
    await server.create_job()
    hands = Hands(server.engine)
    await hands.register()
    first, _second = await server.submit(), await server.submit()
    (claim,) = await hands.claim()
    await hands.settle(claim)
    (found,) = (await server.client.get("/history")).json()["items"]
    assert found["run_id"] == first["run_id"]
    assert (await server.client.get("/history", params={"status": "failed"})).json()["items"] == []
    assert (await server.client.get("/history", params={"status": "ready"})).status_code == 422


async def test_versions_come_in_pages_newest_first(server: Server) -> None:
    await server.create_job()
    for n in range(6):
        assert (
            await server.client.put("/jobs/report", json={"type": "report.daily", "description": str(n)})
        ).is_success
    seen: list[int] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        page = (await server.client.get("/jobs/report/versions", params=query)).json()
        seen += [each["version"] for each in page["items"]]
        assert page["has_more"] == (page["next_cursor"] is not None)
        if not page["has_more"]:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == [7, 6, 5, 4, 3, 2, 1]
    for wrong in ("MQ", query["cursor"] + "A"):
        refused = await server.client.get("/jobs/report/versions", params={"cursor": wrong})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/query/cursor")
    other = await server.client.get("/jobs/other/versions", params={"cursor": query["cursor"]})
    assert other.status_code == 422
