"""Jobs over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest

from tests.integration.api.server import HANDLER_JOB, Server
from treadle.domain.instants import SECOND
from treadle.engines.contract import Document, Firing, Save

SHELL_JOB: Final = {
    "job_id": "nightly",
    "executor": {"type": "shell", "script": "echo hi"},
    "schedule": {"cron": "30 2 * * *", "timezone": "Asia/Jakarta"},
}


async def test_a_created_job_is_answered_with_its_place_and_its_version(server: Server) -> None:
    response = await server.client.post("/jobs", json=SHELL_JOB)
    assert response.status_code == 201
    assert (response.headers["location"], response.headers["etag"]) == ("/jobs/nightly", '"1"')
    job = response.json()
    assert (job["job_id"], job["version"], job["enabled"], job["source"]) == ("nightly", 1, True, "api")
    assert job["schedule"]["cron"] == "30 2 * * *"
    assert job["next_run_at"].endswith(":30:00Z")
    again = await server.client.get("/jobs/nightly")
    assert (again.json(), again.headers["etag"]) == (job, '"1"')


async def test_a_location_keeps_the_prefix_that_the_caller_used(server: Server) -> None:
    response = await server.client.post("/api/v1/jobs", json=SHELL_JOB)
    assert response.headers["location"] == "/api/v1/jobs/nightly"
    for prefix in ("", "/api", "/api/v1"):
        assert (await server.client.get(f"{prefix}/jobs/nightly/")).status_code == 200


async def test_a_job_is_taken_as_yaml(server: Server) -> None:
    text = "job_id: nightly\nexecutor:\n  type: shell\n  script: |\n    echo hi\n"
    response = await server.client.post("/jobs", content=text, headers={"Content-Type": "application/yaml"})
    assert response.status_code == 201
    assert response.json()["executor"]["script"] == "echo hi\n"


async def test_an_id_that_is_taken_is_a_conflict(server: Server) -> None:
    await server.create_job()
    response = await server.client.post("/jobs", json={"job_id": "report", "type": "other"})
    assert (response.status_code, response.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize("name", ["adhoc", "validate", "new"])
async def test_an_id_that_means_something_else_where_jobs_are_addressed_is_refused(server: Server, name: str) -> None:
    document = {**HANDLER_JOB, "job_id": name}
    refused = await server.client.post("/jobs", json=document)
    (fault,) = refused.json()["errors"]
    assert (refused.status_code, fault["pointer"], fault["code"]) == (422, "/job_id", "reserved")
    checked = (await server.client.post("/jobs/validate", json=document)).json()
    assert (checked["valid"], [each["pointer"] for each in checked["errors"]]) == (False, ["/job_id"])


async def test_creating_again_under_an_idempotency_key_answers_the_same_job(server: Server) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = await server.client.post("/jobs", json=HANDLER_JOB, headers=headers)
    again = await server.client.post("/jobs", json=HANDLER_JOB, headers=headers)
    other = await server.client.post("/jobs", json={**HANDLER_JOB, "priority": "high"}, headers=headers)
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert again.json() == first.json()


async def test_every_fault_of_a_document_is_named_at_once(server: Server) -> None:
    document = {"job_id": "x", "typ": "a", "schedule": {"cron": "61 * * * *"}, "timeout_ms": -1}
    response = await server.client.post("/jobs", json=document)
    assert response.status_code == 422
    assert {fault["pointer"] for fault in response.json()["errors"]} == {"/typ", "/schedule/cron", "/timeout_ms", ""}
    assert (await server.client.get("/jobs")).json()["items"] == []


async def test_a_key_whose_effect_comes_later_is_refused_as_such(server: Server) -> None:
    response = await server.client.post("/jobs", json={**HANDLER_JOB, "failure_threshold": 3})
    assert [fault["code"] for fault in response.json()["errors"]] == ["not_yet_supported"]


async def test_jobs_are_listed_in_pages_by_id(server: Server) -> None:
    for number in range(5):
        await server.create_job(job_id=f"job-{number}", schedule={"interval_sec": 60})
    seen, cursor = [], None
    while True:
        page = (await server.client.get("/jobs", params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
        seen += [job["job_id"] for job in page["items"]]
        assert all(job["next_run_at"] for job in page["items"])
        assert page["has_more"] is (page["next_cursor"] is not None)
        if not (cursor := page["next_cursor"]):
            break
    assert seen == [f"job-{number}" for number in range(5)]


async def test_a_replaced_job_gets_a_version_and_the_old_one_is_kept(server: Server) -> None:
    await server.create_job()
    response = await server.client.put("/jobs/report", json={**HANDLER_JOB, "priority": "high"})
    assert (response.status_code, response.headers["etag"], response.json()["priority"]) == (200, '"2"', "high")
    versions = (await server.client.get("/jobs/report/versions")).json()["items"]
    assert [(job["version"], job["priority"]) for job in versions] == [(2, "high"), (1, "normal")]


async def test_replacing_a_job_by_itself_makes_no_version(server: Server) -> None:
    job = await server.create_job()
    assert (await server.client.put("/jobs/report", json=HANDLER_JOB)).json() == job


async def test_a_job_as_it_was_read_can_be_sent_back_with_a_change(server: Server) -> None:
    job = await server.create_job(schedule={"interval_sec": 60})
    response = await server.client.put("/jobs/report", json={**job, "priority": "low"})
    assert (response.status_code, response.json()["version"], response.json()["priority"]) == (200, 2, "low")
    stale = await server.client.put("/jobs/report", json={**job, "priority": "high"})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    read = response.json()
    changed = await server.client.put("/jobs/report", json={**read, "updated_at": job["updated_at"]})
    assert changed.status_code == 422
    assert changed.json()["errors"][0] == {
        "pointer": "/updated_at",
        "message": f"cannot be set: it is '{read['updated_at']}'",
        "code": "read_only",
    }


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_stale_etag_changes_nothing(server: Server, method: str) -> None:
    await server.create_job()
    await server.client.put("/jobs/report", json={**HANDLER_JOB, "priority": "high"})
    body = HANDLER_JOB if method == "PUT" else None
    response = await server.client.request(method, "/jobs/report", headers={"If-Match": '"1"'}, json=body)
    assert (response.status_code, response.json()["code"]) == (412, "stale_version")
    assert (await server.client.get("/jobs/report")).json()["version"] == 2
    response = await server.client.request(method, "/jobs/report", headers={"If-Match": '"2"'}, json=body)
    assert response.is_success


async def test_an_etag_that_is_none_is_refused(server: Server) -> None:
    await server.create_job()
    for etag in ("banana", "3", '"3', '"1", "1"'):
        response = await server.client.put("/jobs/report", json=HANDLER_JOB, headers={"If-Match": etag})
        assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "/header/if-match")


async def test_a_document_of_another_job_does_not_replace_this_one(server: Server) -> None:
    await server.create_job()
    response = await server.client.put("/jobs/report", json={**HANDLER_JOB, "job_id": "other"})
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "/job_id")


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_a_disabled_job_does_not_fire_until_it_is_enabled(server: Server, method: str) -> None:
    await server.create_job(schedule={"interval_sec": 60})
    disabled = (await server.client.request(method, "/jobs/report/disable")).json()
    assert (disabled["enabled"], disabled["version"]) == (False, 2)
    assert "next_run_at" not in disabled
    assert (await server.client.get("/schedules/report")).json()["active"] is False
    assert (await server.client.request(method, "/jobs/report/disable")).json()["version"] == 2
    enabled = (await server.client.request(method, "/jobs/report/enable")).json()
    assert (enabled["enabled"], enabled["next_run_at"] is not None) == (True, True)


async def test_a_deleted_job_is_gone_with_its_schedule_and_its_versions_are_kept(server: Server) -> None:
    await server.create_job(schedule={"interval_sec": 60})
    assert (await server.client.delete("/jobs/report")).status_code == 204
    assert (await server.client.get("/jobs/report")).status_code == 404
    assert (await server.client.delete("/jobs/report")).status_code == 404
    assert (await server.client.get("/schedules")).json()["items"] == []
    assert len((await server.client.get("/jobs/report/versions")).json()["items"]) == 1
    assert (await server.create_job())["version"] == 2


async def test_each_change_of_a_job_is_told_once(server: Server) -> None:
    await server.create_job()
    await server.client.put("/jobs/report", json={**HANDLER_JOB, "priority": "high"})
    for action in ("disable", "disable", "enable"):
        await server.client.put(f"/jobs/report/{action}")
    await server.client.delete("/jobs/report")
    events = (await server.client.get("/events", params={"topics": "job"})).json()["items"]
    assert [event["type"] for event in events] == [
        f"job.{what}" for what in ("created", "updated", "disabled", "enabled", "deleted")
    ]
    assert {(event["subject"], event["job_id"]) for event in events} == {("report", "report")}


async def test_a_document_is_checked_without_being_stored(server: Server) -> None:
    good = (await server.client.post("/jobs/validate", json=SHELL_JOB)).json()
    assert (good["valid"], good["errors"], good["job"]["timeout_ms"], len(good["next"])) == (True, [], 30_000, 5)
    bad = (await server.client.post("/jobs/validate", json={"job_id": "x", "type": "y", "tag": 1})).json()
    assert (bad["valid"], bad["job"], bad["errors"][0]["pointer"]) == (False, None, "/tag")
    assert "tags" in bad["errors"][0]["message"]
    assert (await server.client.get("/jobs")).json()["items"] == []


async def test_a_schedule_tells_what_it_will_do(server: Server) -> None:
    await server.client.post("/jobs", json=SHELL_JOB)
    schedule = (await server.client.get("/schedules", params={"job": "nightly"})).json()["items"][0]
    assert (schedule["schedule_id"], schedule["cron"], schedule["timezone"]) == (
        "nightly",
        "30 2 * * *",
        "Asia/Jakarta",
    )
    coming = (await server.client.get("/schedules/nightly/next", params={"count": 3})).json()
    assert coming["timezone"] == "Asia/Jakarta"
    assert [moment[11:] for moment in coming["next"]] == ["19:30:00Z"] * 3
    assert (await server.client.get("/schedules/other")).status_code == 404


async def test_concurrent_changes_all_take_effect(server: Server) -> None:
    await server.create_job(schedule={"interval_sec": 60})
    changes: list[dict[str, Any]] = [{**HANDLER_JOB, "inputs": {"n": number}} for number in range(5)]
    answers = await asyncio.gather(*(server.client.put("/jobs/report", json=each) for each in changes))
    assert [answer.status_code for answer in answers] == [200] * 5
    versions = (await server.client.get("/jobs/report/versions")).json()["items"]
    assert [job["version"] for job in versions] == [6, 5, 4, 3, 2, 1]


async def test_a_slot_that_fires_while_its_job_is_replaced_is_not_fired_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.create_job(schedule={"interval_sec": 60})
    (schedule,) = await server.engine.schedules.find("default")
    slot = schedule.next_at
    assert slot is not None
    firing = Firing(schedule_id=schedule.id, domain="default", cursor=slot, next_at=slot + 60 * SECOND, last_slot=slot)
    real = server.engine.documents.save

    async def save(save: Save) -> Document:
        await server.engine.schedules.fire([firing])  # takes effect the first time only: the cursor moves
        return await real(save)

    monkeypatch.setattr(server.engine.documents, "save", save)
    response = await server.client.put(
        "/jobs/report", json={**HANDLER_JOB, "schedule": {"interval_sec": 60}, "priority": "high"}
    )
    assert (response.status_code, response.json()["version"]) == (200, 2)
    (schedule,) = await server.engine.schedules.find("default")
    assert (schedule.next_at, schedule.last_slot) == (slot + 60 * SECOND, slot)


async def test_what_a_document_names_is_looked_up_before_it_is_called_valid(server: Server) -> None:
    async def wrong(**links: Any) -> list[tuple[str, str]]:
        told = (await server.client.post("/jobs/validate", json={"job_id": "a", "type": "x", **links})).json()
        assert told["valid"] == (not told["errors"])
        return [(each["pointer"], each["code"]) for each in told["errors"]]

    for job in ({"job_id": "a"}, {"job_id": "b", "after": ["a"]}, {"job_id": "c", "dependencies": ["b"]}):
        assert (await server.client.post("/jobs", json={"type": "x", **job})).status_code == 201
    assert await wrong() == []
    assert await wrong(dependencies=["nope"], after=["a"]) == [
        ("/dependencies/0", "job_missing"),
        ("/after/0", "cycle"),
    ]
    assert await wrong(after=["b"]) == await wrong(after=["c"]) == [("/after/0", "cycle")]
    told = (await server.client.post("/jobs/validate", json={"job_id": "d", "type": "x", "after": ["b", "c"]})).json()
    assert told["valid"]
    assert (await server.client.post("/jobs/c/validate")).json()["valid"]
