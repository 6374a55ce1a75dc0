"""Messages over HTTP: put once, read by what they are, tried again and discarded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.api.server import Hands, Server, serving
from treadle.domain.messages import Intake
from treadle.domain.outcomes import Failed, RunError

MAIL = {"type": "mail", "payload": {"to": "ops"}}
KEY = {"Idempotency-Key": "k"}


async def put(server: Server, document: Any, **headers: str) -> list[str]:
    response = await server.client.post("/messages", json=document, headers=headers)
    assert response.status_code == 201, response.text
    return [each["message_id"] for each in response.json()["items"]]


async def listed(server: Server, **query: Any) -> list[str]:
    response = await server.client.get("/messages", params=query)
    assert response.status_code == 200, response.text
    return [each["message_id"] for each in response.json()["items"]]


async def fail(server: Server, hands: Hands, *, max_attempts: int = 1) -> None:
    """Let a run take a message and fail."""
    await server.submit()
    (claim,) = await hands.claim()
    await server.engine.messages.take(claim, Intake(type="mail", batch_size=1, max_attempts=max_attempts))
    await hands.settle(claim, Failed(RunError("exception", "boom"), retry=False))


@pytest.fixture
async def hands(server: Server) -> Hands:
    await server.create_job()
    hands = Hands(server.engine)
    await hands.register()
    return hands


async def test_a_message_is_put_and_read(server: Server) -> None:
    (message_id,) = await put(server, {**MAIL, "key": "customer-7"})
    message = (await server.client.get(f"/messages/{message_id}")).json()
    assert (message["type"], message["key"], message["payload"]) == ("mail", "customer-7", {"to": "ops"})
    assert (message["state"], message["is_processed"], message["attempts"]) == ("pending", False, 0)
    assert (message["error"], message["run_id"], message["settled_at"]) == (None, None, None)
    assert (await server.client.get("/messages/msg_0")).status_code == 404


async def test_many_are_put_at_once_and_read_by_pages_and_filters(server: Server, hands: Hands) -> None:
    ids = await put(server, [MAIL, MAIL, {"type": "sms", "payload": None}])
    assert await listed(server) == ids[::-1]
    assert await listed(server, type="sms") == ids[2:]
    first = (await server.client.get("/messages", params={"limit": 2})).json()
    assert first["has_more"]
    rest = await listed(server, limit=2, cursor=first["next_cursor"])
    assert rest == ids[:1]
    await server.submit()
    (claim,) = await hands.claim()
    await server.engine.messages.take(claim, Intake(type="mail", batch_size=1))
    assert await listed(server, state="leased") == ids[:1]
    await hands.settle(claim)
    assert await listed(server, is_processed="true") == ids[:1]
    assert await listed(server, is_processed="false", state=["pending", "processed"]) == ids[:0:-1]
    assert await listed(server, is_processed="true", state="pending") == []


async def test_a_repeated_call_is_answered_as_the_first(server: Server) -> None:
    first = await server.client.post("/messages", json=[MAIL, MAIL], headers=KEY)
    again = await server.client.post("/messages", json=[MAIL, MAIL], headers=KEY)
    assert [each["message_id"] for each in again.json()["items"]] == [
        each["message_id"] for each in first.json()["items"]
    ]
    assert (first.headers.get("Idempotency-Replayed"), again.headers.get("Idempotency-Replayed")) == (None, "true")
    for other in (MAIL, [MAIL], [MAIL, MAIL, MAIL]):
        refused = await server.client.post("/messages", json=other, headers=KEY)
        assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_key_reused")
    assert len(await listed(server)) == 2


async def test_a_message_with_a_key_of_its_own_is_stored_once(server: Server) -> None:
    keyed = {**MAIL, "dedupe_key": "order-1"}
    response = await server.client.post("/messages", json=[keyed, keyed, MAIL])
    first, second, third = response.json()["items"]
    assert (first["duplicate"], second["duplicate"], third["duplicate"]) == (False, True, False)
    assert first["message_id"] == second["message_id"]
    assert await put(server, {**keyed, "type": "sms"}) != [first["message_id"]]
    other = await server.client.post("/messages", json=[MAIL, {**keyed, "payload": 2}])
    assert other.status_code == 409
    assert len(await listed(server)) == 3


async def test_poison_is_tried_again_or_discarded_and_nothing_else_is(server: Server, hands: Hands) -> None:
    first, second = await put(server, [MAIL, MAIL])
    await fail(server, hands)
    message = (await server.client.get(f"/messages/{first}")).json()
    assert (message["state"], message["attempts"], message["max_attempts"]) == ("poison", 1, 1)
    assert (message["error"]["message"], message["settled_at"] is None) == ("boom", False)
    refused = await server.client.post(f"/messages/{second}/retry")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    again = await server.client.post(f"/messages/{first}/retry")
    assert (again.status_code, again.json()["state"], again.json()["attempts"]) == (200, "pending", 0)
    for message_id in (first, second):
        assert (await server.client.post(f"/messages/{message_id}/discard")).status_code == 204
        assert (await server.client.post(f"/messages/{message_id}/discard")).status_code == 404
    (third,) = await put(server, MAIL)
    await server.submit()
    (claim,) = await hands.claim()
    await server.engine.messages.take(claim, Intake(type="mail"))
    for verb in ("retry", "discard"):
        assert (await server.client.post(f"/messages/{third}/{verb}")).status_code == 409


@pytest.mark.parametrize(
    ("document", "pointer", "said"),
    [
        ({"payload": 1}, "/type", "required"),
        ({"type": "mail"}, "/payload", "required"),
        ({"type": "no name", "payload": 1}, "/type", "letters, digits"),
        ({**MAIL, "keys": "a"}, "/keys", 'did you mean "key"?'),
        ([MAIL, {**MAIL, "key": 7}], "/1/key", "`str`"),
        ([MAIL, 1], "/1", "object"),
        ([], "", "1 to 1000"),
        ([MAIL] * 1001, "", "1 to 1000"),
    ],
)
async def test_a_wrong_message_is_refused_by_its_place(server: Server, document: Any, pointer: str, said: str) -> None:
    response = await server.client.post("/messages", json=document)
    assert response.status_code == 422
    faults = {fault["pointer"]: fault["message"] for fault in response.json()["errors"]}
    assert said in faults[pointer], faults
    assert await listed(server) == []


async def test_one_way_of_naming_a_message_is_enough(server: Server) -> None:
    response = await server.client.post("/messages", json={**MAIL, "dedupe_key": "a"}, headers=KEY)
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "/dedupe_key")
    empty = await server.client.post("/messages", json={**MAIL, "dedupe_key": ""})
    assert empty.status_code == 422


async def test_a_body_over_the_cap_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path, max_payload_bytes=1000) as server:
        response = await server.client.post("/messages", json={"type": "mail", "payload": "x" * 1000})
        assert (response.status_code, response.json()["code"]) == (413, "payload_too_large")
        assert await listed(server) == []
