"""Dead letters over HTTP: listed, inspected, retried with other inputs, discarded; each once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.integration.api.server import Hands, Server
from treadle.domain.outcomes import Failed, RunError

HOPELESS = Failed(RunError("exception", "boom"), retry=False)


@pytest.fixture
async def hands(server: Server) -> Hands:
    hands = Hands(server.engine)
    await hands.register()
    return hands


async def fail(server: Server, hands: Hands, job_id: str = "report") -> str:
    """A failed run; its id."""
    run_id = str((await server.submit(job_id))["run_id"])
    (claim,) = await hands.claim()
    await hands.settle(claim, HOPELESS)
    return run_id


async def letters(server: Server, **asked: Any) -> list[str]:
    response = await server.client.get("/dead-letters", params=asked)
    assert response.status_code == 200, response.text
    return [run["run_id"] for run in response.json()["items"]]


async def test_failed_runs_are_listed_by_queue_and_job_page_by_page(server: Server, hands: Hands) -> None:
    await server.create_job()
    await server.create_job(job_id="mail", queue="mail")
    first, second, mail = [await fail(server, hands, job) for job in ("report", "report", "mail")]
    assert await letters(server) == [mail, second, first]
    assert await letters(server, queue="mail") == [mail]
    assert await letters(server, job=["report", "mail"], queue="default") == [second, first]
    page = (await server.client.get("/dead-letters", params={"limit": 2})).json()
    assert page["has_more"] is True
    assert await letters(server, limit=2, cursor=page["next_cursor"]) == [first]
    assert (await server.client.get("/dead-letters", params={"state": "failed"})).status_code == 422


async def test_a_letter_is_inspected_with_its_attempts(server: Server, hands: Hands) -> None:
    await server.create_job()
    run_id = await fail(server, hands)
    letter = (await server.client.get(f"/dead-letters/{run_id}")).json()
    assert (letter["status"], letter["error"]["message"], letter["resolution"]) == ("failed", "boom", None)
    assert [attempt["outcome"] for attempt in letter["attempts"]] == ["failed"]
    fine = (await server.submit())["run_id"]
    response = await server.client.get(f"/dead-letters/{fine}")
    assert (response.status_code, "only a failed run" in response.json()["detail"]) == (404, True)


async def test_a_letter_is_retried_with_edited_inputs_and_resolved_by_it(server: Server, hands: Hands) -> None:
    await server.create_job()
    run_id = await fail(server, hands)
    response = await server.client.post(f"/dead-letters/{run_id}/retry", json={"inputs": {"b": 3}})
    assert response.status_code == 202
    retry = response.json()
    assert (retry["retry_of"], retry["cause"], retry["inputs"]) == (run_id, "retry", {"a": 1, "b": 3})
    assert response.headers["location"] == f"/runs/{retry['run_id']}"
    resolution = (await server.client.get(f"/runs/{run_id}")).json()["resolution"]
    assert (resolution["how"], resolution["run_id"], resolution["at"]) == (
        "retried",
        retry["run_id"],
        retry["created_at"],
    )
    assert await letters(server) == []
    again = await server.client.post(f"/dead-letters/{run_id}/retry")
    assert (again.status_code, again.json()["code"]) == (409, "letter_resolved")
    assert f"retried already, by run {retry['run_id']}" in again.json()["detail"]
    (claim,) = await hands.claim(9)
    assert claim.id == retry["run_id"]


async def test_of_those_who_race_one_retries_a_letter(server: Server, hands: Hands) -> None:
    await server.create_job()
    run_id = await fail(server, hands)
    calls = [server.client.post(f"/dead-letters/{run_id}/retry") for _ in range(6)]
    assert sorted(answer.status_code for answer in await asyncio.gather(*calls)) == [202, *[409] * 5]
    assert len((await server.client.get("/runs", params={"status": "ready"})).json()["items"]) == 1


async def test_a_call_whose_answer_was_lost_is_repeated_under_its_key(server: Server, hands: Hands) -> None:
    await server.create_job()
    run_id = await fail(server, hands)
    headers = {"Idempotency-Key": "once"}
    first, second = [await server.client.post(f"/dead-letters/{run_id}/retry", headers=headers) for _ in range(2)]
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["run_id"] == second.json()["run_id"]
    assert second.headers["idempotency-replayed"] == "true"
    other = await server.client.post(f"/dead-letters/{run_id}/retry", headers=headers, json={"inputs": {"b": 9}})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


async def test_a_retry_of_a_run_by_hand_takes_inputs_and_resolves_its_letter_too(server: Server, hands: Hands) -> None:
    await server.create_job()
    run_id = await fail(server, hands)
    first = await server.client.post(f"/runs/{run_id}/retry", json={"inputs": {"a": 7}})
    assert (first.status_code, first.json()["inputs"]) == (202, {"a": 7, "b": 2})
    assert await letters(server) == []
    second = await server.client.post(f"/runs/{run_id}/retry")
    assert second.status_code == 202  # a run may be done again as often as one likes
    resolution = (await server.client.get(f"/runs/{run_id}")).json()["resolution"]
    assert resolution["run_id"] == first.json()["run_id"]


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_retry_with_other_inputs_has_the_limits_of_those_inputs(
    server: Server, hands: Hands, *, deleted: bool
) -> None:
    await server.create_job(
        inputs={"account": "a"},
        max_concurrent=5,
        concurrency_key="{account}",
        rate_limit={"max_runs": 9, "window_sec": 1, "key": "rate-{account}"},
        unique={"key": "{account}", "on_clash": "keep"},
    )
    run_id = await fail(server, hands)
    await server.submit(inputs={"account": "b"})
    (holder,) = await hands.claim(9)
    if deleted:
        await server.client.delete("/jobs/report")
    else:  # what it was then counts, as for its work
        await server.client.put("/jobs/report", json={"type": "report.daily", "concurrency_key": "other-{account}"})
    retry = (await server.client.post(f"/dead-letters/{run_id}/retry", json={"inputs": {"account": "b"}})).json()
    assert retry["lanes"] == ["job:report", "key:b"]
    assert retry["rates"] == ["key:rate-b"]
    assert await hands.claim(9) == []
    await hands.settle(holder)
    assert [claim.id for claim in await hands.claim(9)] == [retry["run_id"]]


async def test_a_retry_without_an_input_of_its_key_is_refused_and_its_letter_stays(
    server: Server, hands: Hands
) -> None:
    await server.create_job(inputs={"account": "a"}, concurrency_key="{account}")
    run_id = await fail(server, hands)
    refused = await server.client.post(f"/dead-letters/{run_id}/retry", json={"inputs": {"account": None}})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/inputs/account")
    assert await letters(server) == [run_id]


async def test_a_retry_that_its_unique_key_refuses_leaves_the_letter(server: Server, hands: Hands) -> None:
    await server.create_job(unique={})
    run_id = await fail(server, hands)
    standing = (await server.submit())["run_id"]
    refused = await server.client.post(f"/dead-letters/{run_id}/retry")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert standing in refused.json()["detail"]
    wanted = {"run_ids": [run_id]}
    (item,) = (await server.client.post("/dead-letters/retry", json=wanted)).json()["items"]
    assert (item["code"], item["retried_as"], standing in item["message"]) == ("conflict", None, True)
    assert await letters(server) == [run_id]


async def test_a_letter_is_discarded_by_somebody_and_for_a_reason(server: Server, hands: Hands) -> None:
    await server.create_job()
    run_id = await fail(server, hands)
    response = await server.client.post(f"/dead-letters/{run_id}/discard", json={"why": "the customer is gone"})
    resolution = response.json()["resolution"]
    assert response.status_code == 200
    assert (resolution["how"], resolution["by"], resolution["why"]) == ("discarded", "admin", "the customer is gone")
    assert await letters(server) == []
    again = await server.client.post(f"/dead-letters/{run_id}/discard")
    assert (again.status_code, "discarded already, by admin: the customer is gone" in again.json()["detail"]) == (
        409,
        True,
    )
    events = (await server.client.get("/events", params={"topics": "dead_letter"})).json()["items"]
    assert [(event["type"], event["subject"]) for event in events] == [("dead_letter.discarded", run_id)]


async def test_many_are_retried_or_discarded_each_by_itself(server: Server, hands: Hands) -> None:
    await server.create_job()
    first, second, third, fourth = [await fail(server, hands) for _ in range(4)]
    await server.client.post(f"/dead-letters/{third}/discard")
    wanted = {"run_ids": [first, third, "run_unknown", second, first], "inputs": {"b": 5}}
    items = (await server.client.post("/dead-letters/retry", json=wanted)).json()["items"]
    assert [(item["run_id"], item["code"]) for item in items] == [
        (first, "retried"),
        (third, "letter_resolved"),
        ("run_unknown", "not_found"),
        (second, "retried"),
    ]
    retry = (await server.client.get(f"/runs/{items[0]['retried_as']}")).json()
    assert (retry["retry_of"], retry["inputs"]["b"]) == (first, 5)
    told = {"run_ids": [fourth, first], "why": "old"}
    items = (await server.client.post("/dead-letters/discard", json=told)).json()["items"]
    assert [item["code"] for item in items] == ["discarded", "letter_resolved"]


@pytest.mark.parametrize(
    ("path", "document", "pointer"),
    [
        ("/dead-letters/retry", {"run_ids": []}, "/run_ids"),
        ("/dead-letters/retry", {}, "/run_ids"),
        ("/dead-letters/retry", {"run_ids": ["run_1"], "input": {}}, "/input"),
        ("/dead-letters/discard", {"run_ids": ["run_1"] * 201}, "/run_ids"),
        ("/dead-letters/discard", {"run_ids": ["run_1"], "why": "x" * 1_001}, "/why"),
        ("/dead-letters/run_1/retry", {"inputs": []}, "/inputs"),
        ("/dead-letters/run_1/discard", {"reason": ""}, "/reason"),
    ],
)
async def test_a_wrong_request_is_refused_by_the_name_of_its_fault(
    server: Server, path: str, document: dict[str, Any], pointer: str
) -> None:
    response = await server.client.post(path, json=document)
    assert response.status_code == 422
    assert pointer in [fault["pointer"] for fault in response.json()["errors"]]


async def test_other_spellings_answer_the_same(server: Server, hands: Hands) -> None:
    await server.create_job()
    run_id = await fail(server, hands)
    listed = (await server.client.get("/api/queue/dlq")).json()["items"]
    assert [run["run_id"] for run in listed] == [run_id]
    retried = await server.client.post(f"/api/queue/dlq/retry/{run_id}")
    assert (retried.status_code, retried.json()["retry_of"]) == (202, run_id)
