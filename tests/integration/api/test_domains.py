"""Domains over HTTP: weights, and why a run of a domain that has its share waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.api.server import Server, serving
from treadle.domain.outcomes import Succeeded
from treadle.services import health
from treadle.services import metrics as figures
from treadle.testing.driver import Driver


async def test_a_weight_is_set_listed_and_told(server: Server) -> None:
    assert (await server.client.get("/domains")).json()["items"] == []
    put = await server.client.put("/domains/team-a", json={"weight": 3})
    told = {"name": "team-a", "title": "", "status": "enabled", "weight": 3, "running": 0, "waiting": False}
    assert put.json() == told
    assert (await server.client.get("/domains/team-a")).json() == put.json()
    await server.create_job()
    await server.submit()
    listed = (await server.client.get("/domains", params={"limit": 1})).json()
    assert [each["name"] for each in listed["items"]] == ["default"]
    rest = await server.client.get("/domains", params={"cursor": listed["next_cursor"]})
    assert [each["name"] for each in rest.json()["items"]] == ["team-a"]
    assert (await server.client.get("/domains/team-b")).status_code == 404


async def test_a_domain_is_made_named_and_deleted_while_nothing_is_in_it(server: Server) -> None:
    made = await server.client.post("/domains", json={"name": "team-a", "title": "Team A", "weight": 2})
    assert (made.status_code, made.headers["location"]) == (201, "/domains/team-a")
    assert (made.json()["title"], made.json()["weight"]) == ("Team A", 2)
    assert (await server.client.post("/domains", json={"name": "team-a"})).status_code == 409
    renamed = await server.client.put("/domains/team-a", json={"title": "The A team"})
    assert (renamed.json()["title"], renamed.json()["weight"]) == ("The A team", 2)
    assert [each["name"] for each in (await server.client.get("/domains")).json()["items"]] == ["team-a"]
    assert (await server.client.delete("/domains/team-a")).status_code == 204
    assert (await server.client.get("/domains/team-a")).status_code == 404
    assert (await server.client.get("/domains")).json()["items"] == []
    for method, path, body in (("POST", "/domains", {"name": "team-a"}), ("PUT", "/domains/team-a", {"weight": 3})):
        again = await server.client.request(method, path, json=body)
        assert (again.status_code, "take another name" in again.json()["detail"]) == (409, True)
    for wrong in ("", "-a", "a b", "a" * 200):
        assert (await server.client.post("/domains", json={"name": wrong})).status_code == 422


async def test_a_domain_in_which_there_is_something_stays(server: Server) -> None:
    await server.client.post("/domains", json={"name": "team-a"})
    token = (await server.client.post("/domains/team-a/token")).json()
    refused = await server.client.delete("/domains/team-a")
    assert (refused.status_code, "it has tokens" in refused.json()["detail"]) == (409, True)
    inside = {"Authorization": f"Bearer {token['secret']}"}
    assert (await server.client.get("/jobs", headers=inside)).status_code == 200
    await server.client.delete(f"/tokens/{token['token']['token_id']}")
    assert (await server.client.delete("/domains/team-a")).status_code == 204


async def test_a_deleted_domain_is_told_of_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(figures, "KEPT_SECONDS", 0.0)
    async with serving(tmp_path) as server:
        for name in ("team-a", "team-b"):
            await server.client.post("/domains", json={"name": name, "weight": 3})
        assert (await server.client.delete("/domains/team-a")).status_code == 204
        for told in [(await server.client.get(path)).text for path in ("/health", "/metrics")]:
            assert ("team-a" in told, "team-b" in told) == (False, True)


async def test_a_disabled_domain_is_closed_to_callers_until_it_is_enabled(server: Server) -> None:
    await server.client.post("/domains", json={"name": "team-a"})
    token = (await server.client.post("/domains/team-a/token", json={"scopes": ["write"]})).json()
    inside = {"Authorization": f"Bearer {token['secret']}"}
    from_outside = {"Treadle-Domain": "team-a"}
    job = {"job_id": "theirs", "type": "report.daily"}
    assert (await server.client.post("/domains/team-a/disable")).json()["status"] == "disabled"
    for headers in (inside, from_outside):
        refused = await server.client.post("/jobs", json=job, headers=headers)
        assert (refused.status_code, "disabled" in refused.json()["detail"]) == (403, True)
    assert (await server.client.get("/jobs", headers=inside)).status_code == 403
    assert (await server.client.get("/jobs", headers=from_outside)).json()["items"] == []
    assert (await server.client.post("/jobs", json=job)).status_code == 201
    await server.client.post("/domains/team-a/enable")
    assert (await server.client.post("/jobs", json=job, headers=inside)).status_code == 201


async def test_a_domain_is_not_ruled_from_within_but_gives_tokens_to_its_own(server: Server) -> None:
    wanted = {"scopes": ["admin"], "label": "chief"}
    for name in ("team-a", "team-b"):
        await server.client.post("/domains", json={"name": name})
    chief = (await server.client.post("/domains/team-a/token", json=wanted)).json()
    assert (chief["token"]["domain"], chief["token"]["scopes"]) == ("team-a", ["admin"])
    inside = {"Authorization": f"Bearer {chief['secret']}"}
    calls: list[tuple[str, str, Any, int]] = [
        ("POST", "/domains", {"name": "team-c"}, 403),
        ("PUT", "/domains/team-a", {"weight": 9}, 403),
        ("POST", "/domains/team-a/disable", None, 403),
        ("DELETE", "/domains/team-a", None, 403),
        ("POST", "/domains/team-a/token", {"scopes": ["read"]}, 201),
        ("POST", "/domains/team-b/token", {"scopes": ["read"]}, 404),
    ]
    for method, path, body, status in calls:
        answer = await server.client.request(method, path, json=body, headers=inside)
        assert answer.status_code == status, (method, path, answer.text)


@pytest.mark.parametrize("weight", [0, -1, 1_001, 1.5, "3", None])
async def test_a_wrong_weight_is_refused(server: Server, weight: Any) -> None:
    response = await server.client.put("/domains/team-a", json={"weight": weight})
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "/weight")
    assert (await server.client.get("/domains")).json()["items"] == []


async def test_a_run_beyond_its_domains_share_says_so_and_starts_once_the_others_had_theirs(server: Server) -> None:
    await server.create_job()
    await server.submit()
    drive = Driver(server.engine)
    worker = await drive.worker(
        slots=1, domains=("default", "theirs"), requires=frozenset({"handler:report.daily", "handler:report"})
    )
    busy = await drive.claim_one(worker)
    waiting = (await server.submit())["run_id"]
    (theirs,) = await drive.submit(domain="theirs")
    answer = (await server.client.get(f"/runs/{waiting}/explain")).json()
    assert answer["code"] == "domain_share"
    assert answer["details"] == {"running": 1, "weight": 1, "domains_before": 1}
    await drive.settle(worker, busy, Succeeded())
    drive.now += 1
    claim = await drive.claim_one(worker)
    assert claim.id == theirs
    await drive.settle(worker, claim, Succeeded())
    assert [claim.id for claim in await drive.claim(worker)] == [waiting]
