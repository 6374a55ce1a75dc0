"""Dependencies over HTTP: what a run waits for, what waits for it, and what becomes of it."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.integration.api.server import Hands, Server
from treadle.domain.outcomes import Failed, Outcome, RunError, Succeeded

BOOM: Final = Failed(RunError("exception", "boom"), retry=False)


async def chain(server: Server, **request: Any) -> tuple[str, str]:
    """A run and one that depends on it."""
    await server.create_job()
    parent = (await server.submit())["run_id"]
    child = await server.submit(depends_on=[parent], **request)
    assert (child["status"], child["reason"]) == ("blocked", {"code": "parents", "subject": parent})
    return parent, child["run_id"]


async def detail(server: Server, run_id: str) -> dict[str, Any]:
    return dict((await server.client.get(f"/runs/{run_id}")).json())


async def test_a_run_shows_its_parents_and_its_children(server: Server) -> None:
    parent, child = await chain(server, join="any", on_parent_failure="wait")
    assert (await detail(server, child))["depends_on"] == {
        "join": "any",
        "on_parent_failure": "wait",
        "counts": {"ready": 1},
        "parents": [{"run_id": parent, "status": "ready", "condition": None}],
    }
    second = (await server.submit(depends_on=[parent]))["run_id"]
    page = (await server.client.get(f"/runs/{parent}/children", params={"limit": 1})).json()
    assert ([run["run_id"] for run in page["items"]], page["has_more"]) == ([child], True)
    page = (await server.client.get(f"/runs/{parent}/children", params={"cursor": page["next_cursor"]})).json()
    assert ([run["run_id"] for run in page["items"]], page["has_more"]) == ([second], False)
    assert (await server.client.get("/runs/run_none/children")).status_code == 404


async def test_explain_names_the_parents_and_what_would_become_of_the_run(server: Server) -> None:
    parent, child = await chain(server)
    told = (await server.client.get(f"/runs/{child}/explain")).json()
    assert (told["code"], told["expected_start"]) == ("waits_for_parents", None)
    assert told["message"] == (
        f"it waits for all of its 1 parents to complete; not so far: {parent} (ready). "
        "Should that become impossible, it is cancelled"
    )
    assert told["details"]["waits_for"] == [f"{parent} (ready)"]
    assert (told["details"]["left"], told["details"]["on_parent_failure"]) == (1, "cancel")


async def settle_next(server: Server, outcome: Outcome) -> str:
    """Let the run that is next end so; its id."""
    hands = Hands(server.engine)
    await hands.register()
    (claim,) = await hands.claim()
    await hands.settle(claim, outcome)
    return claim.id


async def test_a_child_goes_when_its_parent_has_completed(server: Server) -> None:
    parent, child = await chain(server)
    assert await settle_next(server, Succeeded()) == parent
    assert (await detail(server, child))["status"] == "ready"


async def test_a_failed_parent_cancels_and_is_named(server: Server) -> None:
    parent, child = await chain(server)
    await settle_next(server, BOOM)
    run = await detail(server, child)
    assert (run["status"], run["error"]["code"]) == ("cancelled", "parent_failed")
    assert parent in run["error"]["message"]


async def test_a_condition_that_does_not_hold_skips(server: Server) -> None:
    await server.create_job()
    parent = (await server.submit())["run_id"]
    condition = {"path": "/status", "in": ["good", "fair"]}
    child = (await server.submit(depends_on=[{"run": parent, "if": condition}]))["run_id"]
    assert (await detail(server, child))["depends_on"]["parents"][0]["condition"] == condition
    await settle_next(server, Succeeded(b'{"status":"bad"}'))
    run = await detail(server, child)
    assert (run["status"], run["error"]["code"]) == ("skipped", "condition_unmet")


WRONG: Final[list[tuple[dict[str, Any], str]]] = [
    ({"depends_on": ["run_none"]}, "/depends_on/0"),
    ({"depends_on": "run_none"}, "/depends_on"),
    ({"depends_on": ["run_a", "run_a"]}, "/depends_on/1"),
    ({"depends_on": [{"run": "run_a", "when": 1}]}, "/depends_on/0/when"),
    ({"depends_on": [{"run": "run_a", "if": {"path": "status", "equals": 1}}]}, "/depends_on/0/if/path"),
    ({"depends_on": [{"run": "run_a", "if": {"path": "/status"}}]}, "/depends_on/0/if"),
    ({"depends_on": [{"run": "run_a", "if": {"path": "/status", "gt": 1}}]}, "/depends_on/0/if/gt"),
    ({"depends_on": ["run_a"], "join": "some"}, "/join"),
    ({"join": "any"}, "/join"),
    ({"on_parent_failure": "run"}, "/on_parent_failure"),
    ({"depends_on": [f"run_{n}" for n in range(10_001)]}, "/depends_on"),
]


@pytest.mark.parametrize(("request_", "pointer"), WRONG, ids=[str(number) for number in range(len(WRONG))])
async def test_wrong_dependencies_are_refused_with_nothing_stored(
    server: Server, request_: dict[str, Any], pointer: str
) -> None:
    await server.create_job()
    response = await server.client.post("/jobs/report/run", json=request_, headers={"Idempotency-Key": "k"})
    assert response.status_code == 422, response.text
    assert response.json()["errors"][0]["pointer"] == pointer
    assert (await server.client.get("/runs")).json()["items"] == []
    again = await server.client.post("/jobs/report/run", json={}, headers={"Idempotency-Key": "k"})
    assert again.status_code == 202


async def test_a_group_is_many_runs_and_one_that_joins_them(server: Server) -> None:
    await server.create_job()
    await server.create_job(job_id="sum")
    request = {"job_id": "report", "inputs": [{"a": n} for n in range(3)], "then": "sum", "then_inputs": {"b": 9}}
    response = await server.client.post("/runs/groups", json=request, headers={"Idempotency-Key": "g"})
    assert response.status_code == 202, response.text
    group = response.json()
    join = group["join"]
    assert response.headers["location"].endswith(f"/runs/{join['run_id']}")
    assert (join["job_id"], join["status"], join["inputs"]) == ("sum", "blocked", {"a": 1, "b": 9})
    assert [(await detail(server, run_id))["inputs"]["a"] for run_id in group["members"]] == [0, 1, 2]
    await settle_next(server, Succeeded())
    assert (await detail(server, join["run_id"]))["depends_on"]["counts"] == {"completed": 1, "ready": 2}
    again = await server.client.post("/runs/groups", json=request, headers={"Idempotency-Key": "g"})
    assert again.json()["members"] == group["members"]
    assert again.headers["idempotency-replayed"] == "true"
    other = await server.client.post("/runs/groups", json={**request, "inputs": [{}]}, headers={"Idempotency-Key": "g"})
    assert other.status_code == 409
    assert len((await server.client.get("/runs")).json()["items"]) == 4


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [({"inputs": []}, 422, "/inputs"), ({"then": "nope"}, 404, None), ({"join": "some"}, 422, "/join")],
)
async def test_a_wrong_group_is_refused_whole(
    server: Server, change: dict[str, Any], status: int, pointer: str | None
) -> None:
    await server.create_job()
    request = {"job_id": "report", "inputs": [{}], "then": "report", **change}
    response = await server.client.post("/runs/groups", json=request)
    assert response.status_code == status
    assert pointer is None or response.json()["errors"][0]["pointer"] == pointer
    assert (await server.client.get("/runs")).json()["items"] == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"inputs": [{"a": 1}, {"a": 2}, {}], "then_inputs": {"a": 1}}, "/inputs/2/a"),
        ({"inputs": [{"a": 1}]}, "/then_inputs/a"),
    ],
)
async def test_of_a_group_the_wrong_member_is_named(server: Server, change: dict[str, Any], pointer: str) -> None:
    await server.create_job(inputs={}, concurrency_key="{a}")
    response = await server.client.post("/runs/groups", json={"job_id": "report", "then": "report", **change})
    assert response.status_code == 422
    assert [fault["pointer"] for fault in response.json()["errors"]] == [pointer]


async def test_a_group_whose_join_is_refused_leaves_no_members(server: Server) -> None:
    await server.create_job()
    await server.create_job(job_id="sum", queue="closed")
    await server.submit("sum")
    assert (await server.client.post("/queues/closed/drain")).status_code == 200
    response = await server.client.post("/runs/groups", json={"job_id": "report", "inputs": [{}], "then": "sum"})
    assert response.status_code == 409, response.text
    assert [run["job_id"] for run in (await server.client.get("/runs")).json()["items"]] == ["sum"]


async def test_jobs_that_hang_on_each_other_are_checked_when_they_are_saved(server: Server) -> None:
    unknown = await server.client.post("/jobs", json={"job_id": "b", "type": "b", "after": ["a"]})
    assert unknown.status_code == 422
    assert unknown.json()["errors"] == [{"pointer": "/after/0", "message": "there is no job a", "code": "job_missing"}]
    await server.create_job(job_id="a")
    made = await server.create_job(job_id="b", after=["a"], dependencies=["a"])
    assert (made["after"], made["after_join"], made["dependencies"]) == (["a"], "all", ["a"])
    circle = await server.client.put("/jobs/a", json={"type": "a", "dependencies": ["b"]})
    assert circle.status_code == 422
    assert circle.json()["errors"][0]["message"] == "makes a circle: a -> b -> a"
    kept = await server.client.delete("/jobs/a")
    assert (kept.status_code, "b names a" in kept.json()["detail"]) == (409, True)


async def test_a_run_of_a_job_waits_for_those_of_its_dependencies(server: Server) -> None:
    await server.create_job()
    await server.create_job(job_id="b", dependencies=["report"])
    parent = (await server.submit())["run_id"]
    child = await server.submit("b")
    assert (child["status"], child["reason"]) == ("blocked", {"code": "parents", "subject": parent})
    refused = await server.client.post("/jobs/b/run", json={"depends_on": [parent], "join": "any"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/join")
