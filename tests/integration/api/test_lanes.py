"""Lanes and rates over HTTP: what they hold back, what explain says of it, and what changing a limit does to runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.api.server import Hands, Server


async def explained(server: Server, run_id: str) -> dict[str, Any]:
    return dict((await server.client.get(f"/runs/{run_id}/explain")).json())


async def test_a_full_lane_is_named_with_its_holders_and_who_waits_ahead(server: Server) -> None:
    await server.create_job(max_concurrent=1)
    first, second, third = [(await server.submit())["run_id"] for _ in range(3)]
    hands = Hands(server.engine)
    await hands.register()
    (claim,) = await hands.claim()
    answer = await explained(server, third)
    assert (answer["status"], answer["code"], answer["expected_start"]) == ("blocked", "lane_full", None)
    assert answer["details"]["holders"] == [first]
    assert (answer["details"]["limit"], answer["details"]["ahead"]) == (1, 1)
    assert first in answer["message"]
    run = (await server.client.get(f"/runs/{third}")).json()
    assert run["reason"] == {"code": "lane", "subject": run["lanes"][0]}
    await hands.settle(claim)
    assert [each.id for each in await hands.claim()] == [second]
    assert (await explained(server, third))["details"] == answer["details"] | {"holders": [second], "ahead": 0}


async def test_a_limit_set_by_hand_holds_at_once_until_it_is_taken_back(server: Server) -> None:
    job_id = (await server.create_job(max_concurrent=2))["job_id"]
    ids = [(await server.submit())["run_id"] for _ in range(3)]
    lane = f"/lanes/job:{job_id}"
    answer = await server.client.put(lane, json={"limit": 0})
    assert answer.status_code == 200
    assert answer.json() == {
        "key": f"job:{job_id}",
        "limit": 0,
        "declared": 2,
        "by_hand": 0,
        "held": 0,
        "holders": [],
        "waiting": 3,
    }
    hands = Hands(server.engine)
    await hands.register()
    assert await hands.claim() == []
    assert "set by hand" in (await explained(server, ids[0]))["message"]
    assert (await server.client.put(lane, json={"limit": 3})).json()["held"] == 3
    assert (await server.client.delete(lane)).status_code == 204
    standing = (await server.client.get(lane)).json()
    assert (standing["limit"], standing["by_hand"], standing["holders"], standing["waiting"]) == (2, None, ids[:2], 1)
    assert (await server.client.get("/lanes")).json()["items"] == [standing]


async def test_a_changed_job_lets_more_in_at_once(server: Server) -> None:
    job = await server.create_job(max_concurrent=1)
    ids = [(await server.submit())["run_id"] for _ in range(2)]
    document = (await server.client.get(f"/jobs/{job['job_id']}")).json()
    editable = {"job_id": job["job_id"], "type": document["type"], "max_concurrent": 2}
    assert (await server.client.put(f"/jobs/{job['job_id']}", json=editable)).status_code == 200
    assert [(await server.client.get(f"/runs/{run_id}")).json()["status"] for run_id in ids] == ["ready", "ready"]


async def test_a_key_whose_input_is_missing_is_refused_with_the_nearest_one(server: Server) -> None:
    job_id = (await server.create_job(concurrency_key="{account}"))["job_id"]
    answer = await server.client.post(f"/jobs/{job_id}/run", json={"inputs": {"acount": "a"}})
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], "acount" in fault["message"]) == ("/inputs/account", True)
    assert (await server.client.get("/runs")).json()["items"] == []


async def test_a_rate_tells_when_its_next_token_is_due(server: Server) -> None:
    await server.create_job(rate_limit={"max_runs": 1, "window_sec": 3600})
    first, second, third = [(await server.submit())["run_id"] for _ in range(3)]
    hands = Hands(server.engine)
    await hands.register()
    assert [claim.id for claim in await hands.claim()] == [first]
    answers = [await explained(server, run_id) for run_id in (second, third)]
    assert [answer["code"] for answer in answers] == ["rate_limited", "rate_limited"]
    assert [answer["details"]["ahead"] for answer in answers] == [0, 1]
    assert answers[0]["expected_start"] < answers[1]["expected_start"]


@pytest.mark.parametrize("limit", [-1, 1_000_001, "2", None])
async def test_a_limit_that_makes_no_sense_is_refused(server: Server, limit: object) -> None:
    answer = await server.client.put("/lanes/job:x", json={"limit": limit})
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/limit"]


async def test_what_can_be_no_lane_is_refused_and_what_is_none_not_found(server: Server) -> None:
    assert (await server.client.put("/lanes/nothing", json={"limit": 1})).status_code == 422
    await server.create_job(flow_group="daily")
    missing = await server.client.get("/lanes/flow:dayly")
    assert missing.status_code == 404
    assert "flow:daily" in missing.json()["detail"]
    assert (await server.client.delete("/lanes/flow:dayly")).status_code == 404


@pytest.mark.parametrize("key", ["job:report", "job:nothing", "flow:daily"])
async def test_a_limit_by_hand_that_no_run_would_heed_is_refused(server: Server, key: str) -> None:
    await server.create_job()
    answer = await server.client.put(f"/lanes/{key}", json={"limit": 0})
    assert (answer.status_code, "no job declares it" in answer.json()["detail"]) == (404, True)
    assert (await server.client.get("/lanes")).json()["items"] == []


async def test_a_key_may_be_limited_before_its_first_run(server: Server) -> None:
    await server.create_job(concurrency_key="{account}")
    assert (await server.client.put("/lanes/key:a", json={"limit": 0})).json()["limit"] == 0
    run_id = (await server.submit(inputs={"account": "a"}))["run_id"]
    assert (await explained(server, run_id))["code"] == "lane_full"


async def test_a_key_may_hold_any_text(server: Server) -> None:
    job_id = (await server.create_job(concurrency_key="{account}"))["job_id"]
    await server.submit(job_id, inputs={"account": "a/b c?"})
    lane = (await server.client.get("/lanes/key:a%2Fb%20c%3F")).json()
    assert (lane["key"], lane["held"]) == ("key:a/b c?", 1)
