"""Steps and events over HTTP: what a run has done, what it waits for, and the event that lets it go on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.api.server import Hands, Server
from treadle.domain import json
from treadle.domain.instants import to_iso
from treadle.domain.kv import Put, Scope, Space
from treadle.domain.outcomes import Snoozed, Waiting
from treadle.domain.progress import kept, read_progress, told
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import Claim
from treadle.domain.steps import RunStep, StepKind
from treadle.domain.waits import EventWait

PAID = {"name": "paid", "data": {"order": 17}, "source": "shop"}


@pytest.fixture
async def hands(server: Server) -> Hands:
    await server.create_job()
    hands = Hands(server.engine)
    await hands.register()
    return hands


async def claimed(server: Server, hands: Hands) -> Claim:
    await server.submit()
    (claim,) = await hands.claim()
    return claim


async def steps(server: Server, run_id: str) -> list[dict[str, Any]]:
    response = await server.client.get(f"/runs/{run_id}/steps")
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


async def test_an_event_lets_the_run_go_on_that_waits_for_it(server: Server, hands: Hands) -> None:
    claim = await claimed(server, hands)
    until = server.engine.now() + 10**9
    wait = EventWait(step="wait:paid", event="paid", match=b'{"order":17}', timeout_at=until)
    await hands.settle(claim, Waiting(Reason(ReasonCode.EVENT, "paid"), wait))
    answer = (await server.client.get(f"/runs/{claim.id}/explain")).json()
    assert (answer["status"], answer["code"]) == ("blocked", "waits_for_event")
    assert answer["expected_start"] == answer["details"]["timeout_at"]
    for data, woken in (({"order": 18}, 0), ({"order": 17}, 1), ({"order": 17}, 0)):
        response = await server.client.post("/events", json={**PAID, "data": data})
        assert (response.status_code, response.json()["type"]) == (201, "user.paid")
        assert response.json()["woken"] == woken
    (step,) = await steps(server, claim.id)
    assert (step["name"], step["kind"], step["result"]) == ("wait:paid", "event", {"order": 17})
    (again,) = await hands.claim()
    assert (again.id, again.attempt) == (claim.id, 1)
    events = (await server.client.get("/events", params={"topics": "user.paid"})).json()["items"]
    assert [(event["subject"], event["data"]) for event in events] == [
        ("shop", {"order": 18}),
        ("shop", {"order": 17}),
        ("shop", {"order": 17}),
    ]


async def test_the_steps_of_a_run_are_told_in_order(server: Server, hands: Hands) -> None:
    claim = await claimed(server, hands)
    assert await steps(server, claim.id) == []
    until = server.engine.now() + 10**9
    for name, kind, result in (("charge", StepKind.RESULT, {"id": 1}), ("sleep", StepKind.SLEEP, until)):
        step = RunStep(name=name, kind=kind, result=json.encode(result), token=claim.token, at=server.engine.now())
        assert await server.engine.steps.record(hands.worker_id, claim.id, claim.token, step)
    first, second = await steps(server, claim.id)
    assert (first["name"], first["kind"], first["result"], first["attempt_token"]) == ("charge", "result", {"id": 1}, 1)
    assert (second["name"], second["kind"]) == ("sleep", "sleep")
    assert second["result"].endswith("Z")
    await hands.settle(claim, Snoozed(10**9, "sleep"))
    answer = (await server.client.get(f"/runs/{claim.id}/explain")).json()
    assert (answer["code"], answer["status"]) == ("sleeping", "scheduled")
    assert (await server.client.get("/runs/run_unknown/steps")).status_code == 404


async def test_a_key_is_published_once(server: Server) -> None:
    async def publish(data: dict[str, Any]) -> Any:
        return await server.client.post("/events", json={**PAID, "data": data}, headers={"Idempotency-Key": "k"})

    first, again, other = await publish({"n": 1}), await publish({"n": 1}), await publish({"n": 2})
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert first.json()["seq"] == again.json()["seq"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert other.json()["code"] == "idempotency_key_reused"


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({}, "/name"),
        ({"name": "a b"}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": "paid", "data": [1]}, "/data"),
        ({"name": "paid", "data": {}, "match": {}}, "/match"),
        ({"name": "paid", "source": "a\nb"}, "/source"),
    ],
)
async def test_what_is_no_event_is_refused_and_nothing_stored(
    server: Server, document: dict[str, Any], pointer: str
) -> None:
    response = await server.client.post("/events", json=document)
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert await server.engine.events.bounds() == (0, 0)


async def test_an_event_that_is_too_large_is_refused(server: Server) -> None:
    response = await server.client.post("/events", json={"name": "paid", "data": {"a": "x" * 300_000}})
    assert response.status_code == 413
    assert await server.engine.events.bounds() == (0, 0)


async def test_a_run_tells_how_far_it_is_and_what_it_keeps(server: Server, hands: Hands) -> None:
    claim = await claimed(server, hands)
    progress = read_progress(3, 10, server.engine.now())
    event = told(progress, domain="default", run_id=claim.id, job_id=claim.job_id)
    await server.engine.kv.change(Space("default", Scope.PROGRESS, claim.id), kept(progress), event=event)
    await server.engine.kv.change(Space("default", Scope.RUN, claim.id), Put("page", b'{"n":1}'))
    run = (await server.client.get(f"/runs/{claim.id}")).json()
    assert run["progress"] == {"done": 3, "total": 10, "at": to_iso(progress.at)}
    assert run["telemetry"] == {"page": {"n": 1}}
    events = (await server.client.get("/events", params={"topics": "run.progress", "run": claim.id})).json()["items"]
    assert [(event["subject"], event["data"]) for event in events] == [(claim.id, {"done": 3, "total": 10})]
