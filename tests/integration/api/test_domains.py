"""Domains over HTTP: weights, and why a run of a domain that has its share waits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.api.server import Server
from treadle.domain.outcomes import Succeeded
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
