"""Unique and debounced runs, priorities and times over HTTP: what is answered, and that it says what it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.integration.api.server import Hands, Server

UNIQUE = {"key": "{account}", "until": "finished"}


async def test_a_submit_that_clashes_is_answered_the_run_that_stands(server: Server) -> None:
    await server.create_job(unique=UNIQUE)
    first = await server.submit(inputs={"account": "a1"})
    again = await server.client.post("/jobs/report/run", json={"inputs": {"account": "a1"}})
    assert (again.status_code, again.headers["Run-Admission"]) == (200, "duplicate")
    assert again.json()["run_id"] == first["run_id"]
    assert again.headers["Location"].endswith(f"/runs/{first['run_id']}")
    assert (await server.submit(inputs={"account": "a2"}))["run_id"] != first["run_id"]
    hands = Hands(server.engine)
    await hands.register()
    for claim in await hands.claim(2):
        await hands.settle(claim)
    assert (await server.submit(inputs={"account": "a1"}))["run_id"] != first["run_id"]


async def test_the_same_call_again_is_a_replay_and_no_duplicate(server: Server) -> None:
    await server.create_job(unique=UNIQUE)
    headers = {"Idempotency-Key": "k"}
    answers = [
        await server.client.post("/jobs/report/run", json={"inputs": {"account": "a1"}}, headers=headers)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert "Run-Admission" not in answers[1].headers


async def test_a_submit_brings_its_own_rule(server: Server) -> None:
    await server.create_job()
    first = await server.submit(unique={"key": "{a}"})
    second = await server.submit(unique={"key": "{a}", "on_clash": "replace"})
    replaced = (await server.client.get(f"/runs/{first['run_id']}")).json()
    assert (replaced["status"], replaced["error"]["code"]) == ("cancelled", "replaced")
    assert second["run_id"] in replaced["error"]["message"]
    explained = (await server.client.get(f"/runs/{first['run_id']}/explain")).json()
    assert second["run_id"] in explained["message"]


async def test_what_a_template_lacks_is_422_with_the_nearest_name(server: Server) -> None:
    await server.create_job(unique=UNIQUE)
    response = await server.client.post("/jobs/report/run", json={"inputs": {"acount": "a1"}})
    assert response.status_code == 422
    (fault,) = response.json()["errors"]
    assert (fault["pointer"], 'did you mean "acount"' in fault["message"]) == ("/inputs/account", True)
    wrong = await server.client.post("/jobs/report/run", json={"unique": {"key": "account"}})
    assert [fault["pointer"] for fault in wrong.json()["errors"]] == ["/unique/key"]


async def test_submits_go_into_the_run_that_waits_and_explain_says_until_when(server: Server) -> None:
    await server.create_job(debounce={"wait_sec": 60})
    first = await server.submit(inputs={"n": 1})
    assert (first["status"], first["reason"]) == ("scheduled", {"code": "debounce"})
    again = await server.client.post("/jobs/report/run", json={"inputs": {"n": 2}})
    assert (again.status_code, again.headers["Run-Admission"]) == (202, "debounced")
    assert (again.json()["run_id"], again.json()["inputs"]["n"]) == (first["run_id"], 2)
    explained = (await server.client.get(f"/runs/{first['run_id']}/explain")).json()
    assert explained["code"] == "debounced"
    assert explained["expected_start"] == again.json()["due_at"] > first["due_at"]
    events = (await server.client.get("/events", params={"topics": "run"})).json()["items"]
    assert [event["type"] for event in events] == ["run.queued", "run.debounced"]
    late = await server.client.post("/jobs/report/run", json={"delay_sec": 5})
    assert late.status_code == 422


async def test_rules_read_as_they_were_written(server: Server) -> None:
    job = await server.create_job(unique=UNIQUE, overlap="queue_one", retry_policy={"strategy": "custom"})
    assert (job["unique"], job["overlap"]) == ({"key": "{account}"}, "queue_one")
    assert job["retry_policy"]["strategy"] == "custom"
    again = await server.client.put("/jobs/report", json=job)
    assert (again.status_code, again.json()["version"]) == (200, 1)


async def test_scheduled_for_and_the_words_of_other_systems(server: Server) -> None:
    await server.create_job(priority=5)
    at = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    run = await server.submit(scheduledFor=at, priority="URGENT")
    assert (run["status"], run["due_at"], run["priority"]) == ("scheduled", at, "critical")
    assert (await server.submit())["priority"] == "normal"
    both = await server.client.post("/jobs/report/run", json={"scheduledFor": at, "delay_sec": 1})
    assert [fault["pointer"] for fault in both.json()["errors"]] == ["/scheduledFor"]
