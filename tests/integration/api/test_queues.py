"""Queues over HTTP: how they are, and what telling them something does to runs."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.integration.api.server import Hands, Server


async def explained(server: Server, run_id: str) -> dict[str, Any]:
    return dict((await server.client.get(f"/runs/{run_id}/explain")).json())


async def test_a_queue_tells_its_runs_by_status_and_how_long_the_oldest_waits(server: Server) -> None:
    await server.create_job(queue="mail")
    for _ in range(3):
        await server.submit()
    await server.submit(delay_sec=60)
    hands = Hands(server.engine)
    await hands.register()
    await hands.claim()
    (queue,) = (await server.client.get("/queues")).json()["items"]
    assert (queue["name"], queue["status"], queue["drained"], queue["rate"]) == ("mail", "open", False, None)
    assert (queue["ready"], queue["scheduled"], queue["blocked"], queue["running"]) == (2, 1, 0, 1)
    assert queue["at_least"] is False
    assert queue["oldest_wait_sec"] >= 0
    assert (await server.client.get("/queues/mail")).json()["oldest_due_at"] == queue["oldest_due_at"]


async def test_queues_are_read_page_by_page(server: Server) -> None:
    for name in ("c", "a", "b"):
        await server.create_job(job_id=name, queue=name)
        await server.submit(name)
    first = (await server.client.get("/queues", params={"limit": 2})).json()
    assert ([queue["name"] for queue in first["items"]], first["has_more"]) == (["a", "b"], True)
    rest = (await server.client.get("/queues", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert ([queue["name"] for queue in rest["items"]], rest["has_more"]) == (["c"], False)


async def test_a_run_of_a_paused_queue_says_so_and_starts_once_it_is_resumed(server: Server) -> None:
    await server.create_job()
    run_id = (await server.submit())["run_id"]
    hands = Hands(server.engine)
    await hands.register()
    paused = await server.client.post("/queues/default/pause")
    assert (paused.status_code, paused.json()["status"]) == (200, "paused")
    assert await hands.claim() == []
    answer = await explained(server, run_id)
    assert (answer["code"], answer["details"], answer["expected_start"]) == (
        "queue_paused",
        {"queue": "default"},
        None,
    )
    assert (await server.client.post("/queues/default/resume")).json()["status"] == "open"
    assert [claim.id for claim in await hands.claim()] == [run_id]
    events = (await server.client.get("/events", params={"topics": "queue"})).json()["items"]
    assert [(event["type"], event["subject"]) for event in events] == [
        ("queue.paused", "default"),
        ("queue.resumed", "default"),
    ]


async def test_a_run_beyond_its_queues_rate_tells_when_it_may_start_and_starts_without_the_rate(
    server: Server,
) -> None:
    await server.create_job()
    hands = Hands(server.engine)
    await hands.register()
    first, second = [(await server.submit())["run_id"] for _ in range(2)]
    put = await server.client.put("/queues/default", json={"rate": {"runs": 1, "window_sec": 3600}})
    assert (put.status_code, put.json()["rate"]) == (200, {"runs": 1, "window_sec": 3600.0})
    assert [claim.id for claim in await hands.claim(2)] == [first]
    answer = await explained(server, second)
    queue = (await server.client.get("/queues/default")).json()
    assert (answer["code"], answer["details"]["ahead"]) == ("queue_rate", 0)
    assert answer["expected_start"] == answer["details"]["until"] == queue["next_at"]
    assert (await server.client.put("/queues/default", json={"rate": None})).json()["rate"] is None
    assert [claim.id for claim in await hands.claim(2)] == [second]


async def test_a_draining_queue_refuses_runs_works_off_what_it_has_and_tells_when_it_is_empty(server: Server) -> None:
    await server.create_job()
    run_id = (await server.submit())["run_id"]
    hands = Hands(server.engine)
    await hands.register()
    draining = (await server.client.post("/queues/default/drain")).json()
    assert (draining["status"], draining["drained"]) == ("draining", False)
    refused = await server.client.post("/jobs/report/run", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "queue_draining")
    assert "queue default is draining" in refused.json()["detail"]
    (claim,) = await hands.claim()
    await hands.settle(claim)
    assert (await server.client.get("/queues/default")).json()["drained"] is True
    assert (await server.client.post(f"/runs/{run_id}/retry")).status_code == 409
    await server.client.post("/queues/default/resume")
    assert (await server.client.post(f"/runs/{run_id}/retry")).status_code == 202


@pytest.mark.parametrize(
    ("document", "pointer", "said"),
    [
        ({"rate": {"runs": 0, "window_sec": 1}}, "/rate/runs", "1"),
        ({"rate": {"runs": -5, "window_sec": 1}}, "/rate/runs", "1"),
        ({"rate": {"runs": 1, "window_sec": 0}}, "/rate/window_sec", "0.001"),
        ({"rate": {"runs": 1, "window_sec": -1}}, "/rate/window_sec", "0.001"),
        ({"rate": {"runs": 1_000_000, "window_sec": 0.5}}, "/rate/runs", "per microsecond"),
        ({"rates": None}, "/rates", 'did you mean "rate"?'),
        ({"rate": {"runs": 1, "window": 1}}, "/rate/window", 'did you mean "window_sec"?'),
        ({}, "/rate", "required"),
    ],
)
async def test_a_wrong_setting_is_refused_by_its_name(
    server: Server, document: dict[str, Any], pointer: str, said: str
) -> None:
    response = await server.client.put("/queues/default", json=document)
    assert response.status_code == 422
    faults = {fault["pointer"]: fault["message"] for fault in response.json()["errors"]}
    assert said in faults[pointer]
    assert (await server.client.get("/queues")).json()["items"] == []


async def test_an_unknown_queue_is_not_found_and_a_name_that_can_be_none_is_refused(server: Server) -> None:
    await server.create_job(queue="reports")
    await server.submit()
    for call in (server.client.get("/queues/report"), server.client.post("/queues/report/resume")):
        response = await call
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
        assert 'did you mean "reports"?' in response.json()["detail"]
    wrong = await server.client.post("/queues/no%20name/pause")
    assert wrong.json()["errors"][0]["pointer"] == "/path/name"


TELLING: Final = (
    ("POST", "/pause", None),
    ("POST", "/drain", None),
    ("PUT", "", {"rate": {"runs": 5, "window_sec": 1}}),
)


@pytest.mark.parametrize(("method", "verb", "body"), TELLING)
async def test_telling_a_misspelt_queue_something_makes_none_unless_that_is_asked(
    server: Server, method: str, verb: str, body: object
) -> None:
    await server.create_job(queue="reports")
    refused = await server.client.request(method, f"/queues/report{verb}", json=body)
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert 'did you mean "reports"?' in refused.json()["detail"]
    assert (await server.client.get("/queues")).json()["items"] == []
    made = await server.client.request(method, f"/queues/report{verb}", json=body, params={"create": True})
    assert (made.status_code, made.json()["name"]) == (200, "report")
    again = await server.client.request(method, f"/queues/report{verb}", json=body)
    assert (again.status_code, again.json()["name"]) == (200, "report")


async def test_no_rate_makes_no_queue(server: Server) -> None:
    refused = await server.client.put("/queues/report?create=true", json={"rate": None})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/rate")
    assert (await server.client.get("/queues")).json()["items"] == []


async def test_a_queue_that_a_job_names_is_told_something_before_its_first_run(server: Server) -> None:
    await server.create_job(queue="reports")
    assert (await server.client.get("/queues/reports")).json()["status"] == "open"
    assert (await server.client.post("/queues/reports/resume")).json()["status"] == "open"
    assert (await server.client.post("/queues/reports/pause")).json()["status"] == "paused"


async def test_other_spellings_are_of_the_default_queue_or_the_one_named(server: Server) -> None:
    await server.create_job()
    await server.submit()
    assert (await server.client.post("/api/queue/pause")).json()["status"] == "paused"
    assert (await server.client.get("/api/queue/status")).json()["status"] == "paused"
    assert (await server.client.post("/api/queue/resume")).json()["status"] == "open"
    drained = (await server.client.post("/api/queue/drain", params={"queue": "other", "create": "true"})).json()
    assert (drained["name"], drained["status"], drained["drained"]) == ("other", "draining", True)
