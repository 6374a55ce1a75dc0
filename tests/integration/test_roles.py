"""The roles, each started alone: they find each other through the engine, and workers do as they are told."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.postgres import databases
from tests.support.services import Fleet, fleet, until
from tests.support.up import treadle
from treadle.cli.server import Server
from treadle.domain.errors import Conflict, NotFound

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
SCHEDULERS = 3


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def roles(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """An API, three schedulers, and a worker of two processes."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "sqlite":
        with fleet(folder, f"sqlite:///{folder / 'treadle.db'}") as one:
            yield _manned(one)
        return
    with databases() as made, fleet(folder, made.url(asyncio.run(made.create()))) as one:
        yield _manned(one)


def _manned(one: Fleet) -> Fleet:
    for _ in range(SCHEDULERS):
        one.start("scheduler")
    one.start("worker", "--processes", "2", "--concurrency", "3", TREADLE_DEPLOYMENT_TYPE="vm")
    until(lambda: len(one.seen("worker")) == 2 and len(one.seen("scheduler")) == SCHEDULERS, "all that were started")
    return one


def test_all_see_each_other_with_what_they_are(roles: Fleet) -> None:
    told = [each for each in roles.ask("status")["workers"] if each["status"] == "online"]
    assert Counter(each["role"] for each in told) == {"api": 1, "scheduler": SCHEDULERS, "worker": 2}
    worker = next(each for each in told if each["role"] == "worker")
    assert (worker["slots"], worker["queues"], worker["domains"], worker["status"]) == (3, [], ["default"], "online")
    assert (worker["os"], worker["deployment_type"], worker["tags"]) == ("linux", "vm", [])
    assert worker["seen_at"]
    assert worker["version"]
    assert "127.0.0.1" in worker["addresses"]
    assert roles.ask("worker", "show", worker["worker_id"])["worker_id"] == worker["worker_id"]
    sums = roles.ask("worker", "status")
    assert (sums["online"], sums["slots"]) == (2, 6)


def test_an_api_alone_is_found_by_the_commands_of_its_machine(roles: Fleet, tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    first, second = (roles.start("api", "--host", "0.0.0.0", "--port", "0", "--data", data) for _ in range(2))  # noqa: S104
    for each in (first, second):
        until(lambda each=each: "the API answers at" in each.said, "an API")  # type: ignore[misc]
    told = json.loads(treadle("status", "--json", "--data", data).stdout)
    assert told["status"] == "ready"
    for each in (first, second):
        each.process.terminate()
        assert each.ended() == 0
    assert "start one by `treadle up`, name" in treadle("status", "--data", data).stderr
    fleet_s = treadle("status", "--data", data, **roles.more).stderr
    assert ("TREADLE_DATABASE_URL" in roles.more) == ("start one by `treadle api`, name" in fleet_s), fleet_s
    assert not (tmp_path / "data" / "server.json").exists()


def test_three_schedulers_fire_each_slot_once(roles: Fleet) -> None:
    roles.define("often", "true", schedule={"interval_sec": 0.2}, allow_overlap=True)

    def fired() -> list[str]:
        return [run["slot"] for run in roles.server.pages("/runs", job="often", limit=200)]

    until(lambda: len(fired()) >= 12, "a dozen slots")
    roles.server.delete("/jobs/often")
    slots = fired()
    assert len(slots) == len(set(slots))


def test_only_who_matches_takes_the_run_and_explain_names_what_the_others_lack(roles: Fleet) -> None:
    roles.define("render", "true", affinity={"tags": ["gpu"], "os": ["linux"]})
    run_id = roles.submit("render")
    said = until(lambda: _matches_nobody(roles, run_id), "an explanation")
    lacking = {each["worker_id"]: ["the tag 'gpu'"] for each in roles.seen("worker")}
    assert said["details"]["missing"] == lacking
    assert roles.run(run_id)["affinity"] == {"os": ["linux"], "tags": ["gpu"]}
    tagged = roles.start("worker", "--tags", "gpu,eu")
    run = roles.await_status(run_id, "completed")
    (worker,) = [each for each in roles.seen("worker") if each["tags"] == ["gpu", "eu"]]
    assert run["worker_id"] == worker["worker_id"]
    tagged.process.terminate()
    assert tagged.ended() == 0


def _matches_nobody(roles: Fleet, run_id: str) -> dict[str, Any] | None:
    said: dict[str, Any] = roles.server.get(f"/runs/{run_id}/explain")
    return said if said["code"] == "no_worker_matches" else None


def test_a_fleet_knows_the_jobs_of_task_files_once_they_are_registered(roles: Fleet, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "shelf.py").write_text(
        'from treadle import job\n\n\n@job("shelf", interval_seconds=3600)\ndef shelf() -> str:\n    return "tidy"\n'
    )
    (tmp_path / "scheduler.yaml").write_text("schedules: [{jobId: shelf, schedule: '0 3 * * *', enabled: true}]\n")
    register = ("job", "register", "--tasks", str(tmp_path / "files"), "--config", str(tmp_path / "scheduler.yaml"))
    for said in ("1 new or changed jobs in files: shelf", ""):
        done = treadle(*register, TREADLE_DATA=str(tmp_path / "data"), **roles.more)
        assert done.returncode == 0, done.stderr
        assert said in done.stderr
        assert not (tmp_path / "data").exists()  # nothing of a fleet's is kept on the machine that registers
    assert roles.ask("job", "show", "shelf")["source"] == "files/shelf.py:4"
    ours = [each for each in roles.ask("schedule", "list")["items"] if each["job_id"] == "shelf"]
    assert sorted(each["cron"] or "" for each in ours) == ["", "0 3 * * *"]
    missing = treadle("job", "register", "--tasks", str(tmp_path / "nowhere"), **roles.more)
    assert (missing.returncode, "there is no folder" in missing.stderr) == (2, True)


def test_a_disabled_worker_takes_nothing_until_it_is_enabled(roles: Fleet) -> None:
    roles.define("quick", "true")
    ids = [each["worker_id"] for each in roles.seen("worker")]
    told = roles.ask("worker", "disable", *ids)["items"]
    assert [each["status"] for each in told] == ["disabled", "disabled"]
    run_id = roles.submit("quick")
    said = roles.server.get(f"/runs/{run_id}/explain")
    assert (said["code"], sorted(said["details"]["disabled"])) == ("workers_disabled", ids)
    assert roles.run(run_id)["status"] == "ready"
    listed = roles.ask("worker", "list", "--status", "disabled", "--status", "draining")["items"]
    assert sorted(each["worker_id"] for each in listed) == sorted(ids)
    assert roles.ask("worker", "list", "--role", "worker", "--status", "online")["items"] == []
    roles.ask("worker", "enable", *ids)
    assert roles.await_status(run_id, "completed")["worker_id"] in ids


def test_a_worker_that_drains_finishes_what_it_has_and_ends(roles: Fleet, tmp_path: Path) -> None:
    go = tmp_path / "go"
    roles.define("held", f"until [ -e {go} ]; do sleep 0.05; done", queue="side", timeout=0)
    one = roles.start("worker", "--queues", "side")
    (worker,) = until(lambda: [each for each in roles.seen("worker") if each["queues"] == ["side"]], "the worker")
    others = [each["worker_id"] for each in roles.seen("worker") if each["queues"] != ["side"]]
    roles.ask("worker", "disable", *others)
    held = roles.submit("held")
    roles.await_status(held, "running")
    roles.ask("worker", "drain", worker["worker_id"])
    waiting = roles.submit("held")
    go.touch()
    assert roles.await_status(held, "completed")["worker_id"] == worker["worker_id"]
    assert one.ended() == 0
    assert roles.server.get(f"/workers/{worker['worker_id']}")["status"] == "stopped"
    assert roles.run(waiting)["status"] == "ready"
    roles.ask("worker", "enable", *others)
    assert roles.await_status(waiting, "completed")["worker_id"] in others


def test_what_cannot_be_told_is_refused(roles: Fleet) -> None:
    server: Server = roles.server
    (api,) = roles.seen("api")
    with pytest.raises(Conflict, match="only workers take runs"):
        server.post(f"/workers/{api['worker_id']}/drain")
    with pytest.raises(NotFound, match="there is no worker wrk_nobody"):
        server.post("/workers/wrk_nobody/disable")
    gone = roles.seen("worker", "stopped")[0]
    with pytest.raises(Conflict, match="only one that is disabled can be online"):
        server.post(f"/workers/{gone['worker_id']}/state?state=online")
