"""What an installation says when something is not well, to whom, and with which status."""

from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.integration.api.server import Hands, Server, serving
from tests.integration.observing.conftest import Shop
from tests.support.up import until
from treadle.domain.errors import Unavailable
from treadle.domain.health import Grade, judge_clock, judge_schema, judge_space
from treadle.domain.instants import SECOND
from treadle.domain.workers import Role, WorkerSpec
from treadle.engines.sqlite.moving import SqliteSource
from treadle.services import health


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers of these tests' own look anew each time."""
    monkeypatch.setattr(health, "KEPT_SECONDS", 0.0)


def ask(url: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=20) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())


async def found(server: Server) -> tuple[int, dict[str, Any]]:
    """The status of `/health`, and what is not well by what it is about."""
    answer = await server.client.get("/health")
    return answer.status_code, {each["what"]: each for each in answer.json()["findings"] if each["grade"] != "ok"}


async def beside(server: Server, role: Role, **more: Any) -> None:
    """Another process of the installation."""
    spec = WorkerSpec(id=f"{role}_1", host="ant", pid=1, slots=2, requires=frozenset(), version="0", role=role, **more)
    await server.engine.workers.register(spec, 60 * SECOND)


def test_where_all_is_well_everybody_is_told_so_and_callers_why(shop: Shop) -> None:
    url, headers = shop.server.url, dict(shop.server._headers)
    assert ask(f"{url}/healthz") == (200, {"status": "ok"})
    assert ask(f"{url}/readyz") == (
        200,
        {"status": "ready", "checks": {"engine": "ok", "schema": "ok", "disk space": "ok"}},
    )
    assert ask(f"{url}/health") == (200, {"status": "ok", "findings": []})
    status, report = ask(f"{url}/health", headers)
    assert (status, report["status"]) == (200, "ok")
    said = {each["what"]: each["said"] for each in report["findings"]}
    assert said["scheduler"] == "1 online"
    assert said["workers"] == "1 online, 5 slots for default"
    assert {"engine", "schema", "disk space", "clock"} <= said.keys()


def test_a_queue_that_no_worker_takes_from_is_named_with_what_to_do(shop: Shop) -> None:
    there = shop.server.get("/workers", role="worker")["items"]
    (worker,) = (each["worker_id"] for each in there if each["status"] == "online")
    url, headers = f"{shop.server.url}/health", dict(shop.server._headers)
    shop.server.post(f"/workers/{worker}/disable")
    try:
        run_id = shop.up.submit("shop.order")
        # What was answered with a token and without is kept for a second each, one begun before the other.
        until(lambda: ask(url, headers)[0] == 503, "word of it")
        until(lambda: ask(url)[0] == 503, "word of it without a token")
        status, report = ask(url, headers)
        wrong = {each["what"]: each for each in report["findings"] if each["grade"] == "fail"}
        assert (status, report["status"]) == (503, "failing")
        assert "no worker online takes from it" in wrong["queue orders of default"]["said"]
        assert ask(url) == (503, {"status": "failing", "findings": []})
        assert ask(f"{shop.server.url}/readyz")[0] == 200  # it takes work all the same
        shown = shop.up.run("status").stdout
        assert "fail queue orders of default: 1 runs are ready, and no worker online takes from it" in shown
        assert f"none is online for default, 1 disabled (enable one by `treadle worker enable {worker}`)" in shown
        assert {each["remedy"] for each in wrong.values()} == {f"enable one by `treadle worker enable {worker}`"}
        doctor = shop.up.run("doctor")
        assert doctor.returncode == 3
        assert "fail  queue orders of default: " in doctor.stdout
    finally:
        shop.server.post(f"/workers/{worker}/enable")
    until(lambda: shop.up.status(run_id) == "completed", "the run")
    until(lambda: ask(url, headers)[0] == ask(url)[0] == 200, "its health")


async def test_without_a_scheduler_it_fails_and_without_a_worker_it_is_degraded(tmp_path: Path, any_url: str) -> None:
    async with serving(tmp_path, database_url=any_url) as server:
        status, wrong = await found(server)
        assert (status, wrong["scheduler"]["grade"]) == (503, "fail")
        assert wrong["scheduler"]["remedy"] == "start one by `treadle scheduler`"
        await beside(server, Role.SCHEDULER)
        status, wrong = await found(server)
        assert (status, {what: each["grade"] for what, each in wrong.items()}) == (200, {"workers": "warn"})
        await server.create_job()
        await server.submit()
        _, wrong = await found(server)
        assert wrong["queue default of default"]["remedy"] == "start one by `treadle worker --queues default`"
        await Hands(server.engine).register()
        assert await found(server) == (200, {})


async def test_a_remedy_names_the_domain_where_it_is_not_the_usual_one(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await beside(server, Role.SCHEDULER)
        await server.client.post(
            "/jobs", json={"job_id": "b", "type": "b", "queue": "bq"}, headers={"Treadle-Domain": "b"}
        )
        await server.client.post("/jobs/b/run", json={}, headers={"Treadle-Domain": "b"})
        _, wrong = await found(server)
        assert wrong["queue bq of b"]["remedy"] == "start one by `treadle worker --domains b --queues bq`"
        report = (await server.client.get("/health", headers={"Treadle-Domain": "b"})).json()
        remedies = {each["what"]: each["remedy"] for each in report["findings"]}
        assert remedies["workers"] == "start one by `treadle worker --domains b`"


async def test_a_domain_is_told_of_its_own_alone(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await beside(server, Role.SCHEDULER, domains=("*",))
        await Hands(server.engine).register()
        made = await server.client.post("/tokens", json={"name": "b", "scopes": ["read"], "domain": "bravo"})
        await server.create_job()
        await server.submit()
        bravo = {"Authorization": f"Bearer {made.json()['secret']}"}
        report = (await server.client.get("/health", headers=bravo)).json()
        assert "default" not in json.dumps(report)
        assert {each["what"]: each["grade"] for each in report["findings"]}["workers"] == "warn"


async def test_what_one_domain_leaves_undone_is_no_outage_for_who_asks_without_a_token(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await beside(server, Role.SCHEDULER)
        await server.create_job()
        await server.submit()
        bravo, nobody = {"Treadle-Domain": "bravo"}, {"Authorization": ""}
        await server.client.post("/jobs", json={"job_id": "b", "type": "b"}, headers=bravo)
        assert (await server.client.post("/jobs/b/run", json={}, headers=bravo)).is_success
        assert (await server.client.get("/health", headers=nobody)).status_code == 503
        await Hands(server.engine).register()
        assert (await found(server))[0] == 503
        told = await server.client.get("/health", headers=nobody)
        assert (told.status_code, told.json()) == (200, {"status": "ok", "findings": []})


async def test_a_move_that_was_broken_off_is_told_wherever_somebody_asks_why_nothing_starts(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await beside(server, Role.SCHEDULER)
        hands = Hands(server.engine)
        await hands.register()
        await server.create_job()
        run_id = (await server.submit())["run_id"]
        source = SqliteSource(tmp_path / "data" / "treadle.db")
        move = source.begin("postgresql://db/treadle", "mov_1")
        source.close(move, server.engine.now() + 60 * SECOND)
        why = (await server.client.get(f"/runs/{run_id}/explain")).json()
        assert (why["code"], why["details"]["target"]) == ("moving", "postgresql://db/treadle")
        assert f"here at {why['details']['until']}, if `treadle migrate` was broken off" in why["message"]
        status, wrong = await found(server)
        assert (status, [*wrong], wrong["move"]["grade"]) == (200, ["move"], "warn")
        assert "moves to postgresql://db/treadle: nothing is started here until 20" in wrong["move"]["said"]
        assert "--give-up" in wrong["move"]["remedy"]
        source.fence(move)
        status, wrong = await found(server)
        assert (status, wrong["engine"]["grade"]) == (503, "fail")
        assert "if `treadle migrate` was broken off, make it again" in wrong["engine"]["said"]
        why = (await server.client.get(f"/runs/{run_id}/explain")).json()
        assert (why["code"], why["message"].endswith("moves to postgresql://db/treadle. Work goes on there")) == (
            "moving",
            True,
        )
        source.reopen(move)
        source.disconnect()
        assert await found(server) == (200, {})
        assert (await server.client.get(f"/runs/{run_id}/explain")).json()["code"] == "next"


async def test_an_engine_that_is_away_is_told_to_callers_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(tmp_path) as server:

        async def refuse() -> None:
            raise Unavailable("cannot reach postgresql://db.internal")

        monkeypatch.setattr(server.engine, "ping", refuse)
        for path in ("/readyz", "/health"):
            told = await server.client.get(path)
            assert told.status_code == 503
            assert "db.internal" in told.text
            public = await server.client.get(path, headers={"Authorization": ""})
            assert public.status_code == 503
            assert "db.internal" not in public.text
        assert (await server.client.get("/healthz")).status_code == 200


async def test_a_schema_from_before_is_a_migration_that_is_missing(tmp_path: Path, postgres_url: str) -> None:
    async with serving(tmp_path, database_url=postgres_url) as server:
        connection = await asyncpg.connect(postgres_url)
        await connection.execute("DELETE FROM treadle.schema_versions WHERE version > 1")
        await connection.close()
        answer = await server.client.get("/readyz")
        assert answer.status_code == 503
        assert "a migration is missing" in answer.json()["checks"]["schema"]


async def test_a_data_folder_that_is_gone_is_said(tmp_path: Path, postgres_url: str) -> None:
    async with serving(tmp_path, database_url=postgres_url) as server:
        shutil.rmtree(tmp_path / "data")
        answer = await server.client.get("/readyz")
        assert (answer.status_code, "cannot be looked at" in answer.json()["checks"]["disk space"]) == (503, True)


def test_little_room_a_clock_apart_and_an_old_schema_are_judged() -> None:
    graded = [judge_space(size).grade for size in (10**6, 10**8, 10**12)]
    assert graded == [Grade.FAIL, Grade.WARN, Grade.OK]
    assert [judge_clock(skew * SECOND).grade for skew in (-60, 0, 60)] == [Grade.WARN, Grade.OK, Grade.WARN]
    assert [judge_schema(found, 2).grade for found in (1, 2, 3)] == [Grade.FAIL, Grade.OK, Grade.OK]
