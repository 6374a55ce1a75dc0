"""Selections and bulk actions over HTTP: frozen, foreseen exactly, carried out once, seen by nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from tests.integration.api.server import Hands, Server
from treadle.domain.instants import SECOND
from treadle.domain.outcomes import Failed, RunError
from treadle.domain.selections import KEPT
from treadle.scheduler.bulk_actions import BulkActions
from treadle.testing.driver import new_id, new_run

HOPELESS = Failed(RunError("exception", "boom"), retry=False)
Answer = dict[str, Any]


@pytest.fixture
async def hands(server: Server) -> Hands:
    hands = Hands(server.engine)
    await hands.register()
    await server.create_job(searchable=["customer"])
    return hands


async def fail(server: Server, hands: Hands, **inputs: Any) -> str:
    """A failed run; its id."""
    run_id = str((await server.submit(inputs=inputs))["run_id"])
    (claim,) = await hands.claim()
    await hands.settle(claim, HOPELESS)
    return run_id


async def select(server: Server, headers: dict[str, str] | None = None, **wanted: Any) -> Answer:
    response = await server.client.post("/selections", json={"filter": wanted}, headers=headers)
    assert response.status_code == 201, response.text
    return dict(response.json())


async def act(server: Server, selection: Answer, action: str, **more: Any) -> Answer:
    """Begin an action, or ask for a dry run."""
    document = {"selection": selection["id"], "action": action, **more}
    response = await server.client.post("/bulk-actions", json=document)
    assert response.status_code == (200 if more.get("dry_run") else 202), response.text
    return dict(response.json())


async def carried_out(server: Server, action: Answer) -> Answer:
    """An action that a scheduler has carried out."""
    carry_on = BulkActions(server.engine, new_id)
    while action["status"] == "running":
        await carry_on()
        action = (await server.client.get(f"/bulk-actions/{action['id']}")).json()
    return action


async def listed(server: Server, **query: Any) -> list[Answer]:
    return list((await server.client.get("/runs", params={"limit": 200, **query})).json()["items"])


async def test_what_comes_after_a_selection_is_never_in_it(server: Server, hands: Hands) -> None:
    failed = [await fail(server, hands, customer=1) for _ in range(2)]
    await fail(server, hands, customer=2)
    selection = await select(server, where=["customer=1"], dead_letters=True)
    assert (selection["count"], selection["filter"]) == (2, {"where": ["customer=1"], "dead_letters": True})
    assert [run["run_id"] for run in selection["sample"]] == failed[::-1]
    later = await fail(server, hands, customer=1)
    assert (await server.client.get(f"/selections/{selection['id']}")).json() == selection
    action = await act(server, selection, "retry")
    during = await fail(server, hands, customer=1)
    ended = await carried_out(server, action)
    assert (ended["total"], ended["done"], ended["skipped"], ended["failed"]) == (2, 2, 0, 0)
    assert ended["finished_at"] is not None
    letters = {run["run_id"] for run in await listed(server, dead_letters=True, where="customer=1")}
    assert letters == {later, during}
    assert {run["retry_of"] for run in await listed(server, where="customer=1", status="ready")} == set(failed)


async def test_a_dry_run_tells_exactly_what_the_action_then_does_and_changes_nothing(
    server: Server, hands: Hands
) -> None:
    failed = [await fail(server, hands) for _ in range(3)]
    await server.client.post(f"/dead-letters/{failed[0]}/discard")
    ready = (await server.submit())["run_id"]
    selection = await select(server, job=["report"])
    before = await listed(server)
    foreseen = await act(server, selection, "retry", dry_run=True)
    assert await listed(server) == before
    assert (await server.client.get("/bulk-actions")).json()["items"] == []
    assert (await server.client.get("/audit-events?action=start_bulk_action")).json()["items"] == []
    assert (foreseen["id"], foreseen["dry_run"], foreseen["status"]) == (None, True, "finished")
    assert (foreseen["total"], foreseen["done"], foreseen["skipped"], foreseen["failed"]) == (4, 2, 2, 0)
    assert foreseen["reasons"] == [
        {"reason": "letter_resolved", "outcome": "skipped", "count": 1, "sample": [failed[0]]},
        {"reason": "not_finished", "outcome": "skipped", "count": 1, "sample": [ready]},
    ]
    ended = await carried_out(server, await act(server, selection, "retry"))
    same = ("total", "done", "acted", "skipped", "failed", "reasons")
    assert {key: ended[key] for key in same} == {key: foreseen[key] for key in same}


async def test_a_dry_run_knows_of_queues_that_drain_and_of_runs_that_are_one_and_the_same(
    server: Server, hands: Hands
) -> None:
    await server.create_job(job_id="slow", queue="slow")
    await server.create_job(job_id="only", unique={"key": "{customer}", "until": "started"})
    for job_id in ("slow", "only", "only"):
        await server.submit(job_id, inputs={"customer": 1})
        (claim,) = await hands.claim()
        await hands.settle(claim, HOPELESS)
    await server.client.post("/queues/slow/drain")
    selection = await select(server, dead_letters=True)
    foreseen = await act(server, selection, "retry", dry_run=True)
    assert (foreseen["done"], foreseen["failed"]) == (1, 2)
    assert {each["reason"] for each in foreseen["reasons"]} == {"queue_draining", "duplicate"}
    ended = await carried_out(server, await act(server, selection, "retry"))
    assert ended["reasons"] == foreseen["reasons"]


async def test_it_foresees_equal_keys_beyond_one_part_too(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treadle.domain.selections.PART", 1)
    monkeypatch.setattr("treadle.domain.bulk_actions.PART", 1)
    hands = Hands(server.engine)
    await hands.register()
    await server.create_job(unique={"key": "{a}", "until": "started"})
    for _ in range(3):
        await fail(server, hands, a=1)
    selection = await select(server, dead_letters=True)
    foreseen = await act(server, selection, "retry", dry_run=True)
    ended = await carried_out(server, await act(server, selection, "retry"))
    assert (foreseen["done"], foreseen["failed"]) == (ended["done"], ended["failed"]) == (1, 2)


async def test_starts_are_spread_over_the_time_given(server: Server, hands: Hands) -> None:
    failed = [await fail(server, hands) for _ in range(4)]
    action = await act(server, await select(server, status=["failed"]), "retry", spread_ms=3_600_000)
    await carried_out(server, action)
    runs = {run["retry_of"]: run for run in await listed(server) if run["retry_of"]}
    assert [runs[run_id]["status"] for run_id in failed] == ["ready", "scheduled", "scheduled", "scheduled"]
    minutes = [runs[run_id]["due_at"][14:16] for run_id in failed[1:]]
    start = int(action["created_at"][14:16])
    assert [(int(minute) - start) % 60 for minute in minutes] == [15, 30, 45]


async def test_many_are_cancelled_or_discarded(server: Server, hands: Hands) -> None:
    failed = await fail(server, hands)
    ready = [(await server.submit())["run_id"] for _ in range(3)]
    ended = await carried_out(server, await act(server, await select(server), "cancel"))
    assert (ended["done"], ended["acted"], ended["skipped"]) == (3, {"ready": 3}, 1)
    assert {run["run_id"] for run in await listed(server, status="cancelled")} == set(ready)
    ended = await carried_out(server, await act(server, await select(server), "discard", why="old"))
    assert (ended["done"], ended["skipped"]) == (1, 3)
    resolution = (await server.client.get(f"/runs/{failed}")).json()["resolution"]
    assert (resolution["how"], resolution["why"], resolution["by"]) == ("discarded", "old", "admin")


async def test_runs_are_selected_by_their_ids_too(server: Server, hands: Hands) -> None:
    failed = [await fail(server, hands) for _ in range(2)]
    await fail(server, hands)
    selection = await select(server, run=[*failed, "run_unknown"])
    assert (selection["count"], [run["run_id"] for run in selection["sample"]]) == (2, failed[::-1])
    assert [run["run_id"] for run in await listed(server, run=failed)] == failed[::-1]
    theirs = {"Treadle-Domain": "theirs"}
    assert (await select(server, theirs, run=failed))["count"] == 0


async def test_a_repeated_call_begins_nothing_new(server: Server, hands: Hands) -> None:
    await fail(server, hands)
    key = {"Idempotency-Key": "once"}
    first, again = [await select(server, key, status=["failed"]) for _ in range(2)]
    assert first == again
    other = await server.client.post("/selections", json={"filter": {}}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    document = {"selection": first["id"], "action": "retry"}
    begun, replayed = [await server.client.post("/bulk-actions", json=document, headers=key) for _ in range(2)]
    assert begun.headers["Location"].endswith(f"/bulk-actions/{begun.json()['id']}")
    assert (replayed.status_code, replayed.headers["Idempotency-Replayed"]) == (202, "true")
    assert replayed.json() == begun.json()
    assert len((await server.client.get("/bulk-actions")).json()["items"]) == 1
    await carried_out(server, begun.json())
    assert await server.engine.selections.prune(server.engine.now() + KEPT + SECOND, 99) > 0
    replayed = await server.client.post("/bulk-actions", json=document, headers=key)
    assert (replayed.status_code, replayed.json()) == (202, begun.json())


async def test_a_selection_that_is_not_there_or_has_expired_and_one_of_another_domain_are_the_same(
    server: Server, hands: Hands
) -> None:
    selection = await select(server)
    theirs = {"Treadle-Domain": "theirs"}
    standing = await server.engine.selections.get("default", selection["id"])
    assert standing is not None
    expired = structs.replace(standing, id="sel_1", expires_at=server.engine.now())
    await server.engine.selections.freeze(expired, [])
    said = []
    for asked, headers in (("sel_0", {}), ("sel_1", {}), (selection["id"], theirs)):
        document = {"selection": asked, "action": "retry"}
        for response in (
            await server.client.get(f"/selections/{asked}", headers=headers),
            await server.client.post("/bulk-actions", json=document, headers=headers),
            await server.client.post("/bulk-actions", json={**document, "dry_run": True}, headers=headers),
        ):
            assert response.status_code == 404
            said.append(response.json()["detail"].replace(asked, "…"))
    assert len(set(said)) == 1
    action = await act(server, selection, "retry")
    assert (await server.client.get(f"/bulk-actions/{action['id']}", headers=theirs)).status_code == 404
    assert (await server.client.get("/bulk-actions", headers=theirs)).json()["items"] == []


@pytest.mark.parametrize(
    ("path", "document", "pointer"),
    [
        ("/selections", {"filter": {"jobs": ["a"]}}, "/filter/jobs"),
        ("/selections", {"filter": {"status": ["gone"]}}, "/filter/status/0"),
        ("/selections", {"filter": {"status": []}}, "/filter/status"),
        ("/selections", {"filter": {"failure_group": []}}, "/filter/failure_group"),
        ("/selections", {"filter": {"run": []}}, "/filter/run"),
        ("/selections", {"filter": {"run": ["run_1"] * 1001}}, "/filter/run"),
        ("/selections", {"filter": {"created_after": "monday"}}, "/filter/created_after"),
        ("/selections", {"filter": {"where": ["region=1"]}}, "/filter/where"),
        ("/selections", {"filter": {"where": ["region"]}}, "/filter/where/0"),
        ("/selections", {"status": ["failed"]}, "/status"),
        ("/bulk-actions", {"action": "retry"}, "/selection"),
        ("/bulk-actions", {"selection": "sel_1", "action": "delete"}, "/action"),
        ("/bulk-actions", {"selection": "sel_1", "action": "cancel", "spread_ms": 1}, "/spread_ms"),
        ("/bulk-actions", {"selection": "sel_1", "action": "retry", "spread_ms": -1}, "/spread_ms"),
        ("/bulk-actions", {"selection": "sel_1", "action": "retry", "why": "old"}, "/why"),
    ],
)
async def test_what_is_wrong_is_named(server: Server, path: str, document: Answer, pointer: str) -> None:
    response = await server.client.post(path, json=document)
    assert (response.status_code, [each["pointer"] for each in response.json()["errors"]]) == (422, [pointer])


async def test_more_than_can_be_selected_is_refused_with_how_many_there_are(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = server.engine.now()
    await server.engine.runs.enqueue([new_run(now) for _ in range(7)])
    monkeypatch.setattr("treadle.services.selections.MOST_SELECTED", 5)
    response = await server.client.post("/selections", json={})
    (error,) = response.json()["errors"]
    assert (response.status_code, error["pointer"], error["code"]) == (422, "/filter", "too_many_selected")
    assert error["message"].startswith("finds 7 runs, of at most 5 in a selection: narrow it")
    monkeypatch.setattr("treadle.services.selections.MOST_COUNTED", 6)
    (error,) = (await server.client.post("/selections", json={})).json()["errors"]
    assert error["message"].startswith("finds more than 6 runs")


async def test_actions_are_listed_page_by_page_and_audited(server: Server, hands: Hands) -> None:
    selection = await select(server)
    actions = [(await act(server, selection, "cancel"))["id"] for _ in range(3)]
    page = (await server.client.get("/bulk-actions", params={"limit": 2})).json()
    assert [each["id"] for each in page["items"]] == actions[:0:-1]
    rest = await server.client.get("/bulk-actions", params={"cursor": page["next_cursor"]})
    assert [each["id"] for each in rest.json()["items"]] == actions[:1]
    query = {"action": "start_bulk_action"}
    entries = (await server.client.get("/audit-events", params=query)).json()["items"]
    assert [entry["after"]["id"] for entry in entries] == actions[::-1]
    assert {entry["who"] for entry in entries} == {"admin"}
