"""Schedules by hand: paused, resumed, triggered, made up for."""

from __future__ import annotations

from typing import Any, Final

import pytest
from msgspec import structs

from tests.integration.api.server import Server
from treadle.domain.instants import HOUR, MINUTE, to_iso
from treadle.engines.definitions import JOB_KIND, to_job
from treadle.scheduler.firing import make_firing
from treadle.system import IdSource, SystemClock

HOURLY: Final = {"schedule": {"cron": "0 * * * *"}, "inputs": {"a": 1}}


async def told(server: Server, verb: str = "", **body: Any) -> dict[str, Any]:
    path = f"/schedules/report{verb}"
    response = await (server.client.post(path, json=body) if verb else server.client.get(path))
    assert response.status_code in (200, 202), response.text
    return dict(response.json())


def hours_ago(server: Server, hours: int) -> str:
    return to_iso(server.engine.now() // HOUR * HOUR - hours * HOUR)


async def test_a_paused_schedule_stays_paused_whatever_its_job_says(server: Server) -> None:
    await server.create_job(**HOURLY)
    paused = await told(server, "/pause")
    assert (paused["paused"], paused["active"], paused["next_at"]) == (True, False, None)
    replaced = {"job_id": "report", "type": "report.daily", "schedule": {"cron": "30 * * * *"}}
    assert (await server.client.put("/jobs/report", json=replaced)).status_code == 200
    await server.client.post("/jobs/report/enable")
    assert (await told(server))["active"] is False
    assert await server.engine.schedules.next_due() is None
    resumed = await told(server, "/resume")
    assert (resumed["paused"], resumed["active"]) == (False, True)
    assert resumed["next_at"] == (await told(server, "/resume"))["next_at"]
    assert await server.engine.schedules.next_due() is not None


async def test_a_pause_that_goes_by_a_schedule_which_changed_meanwhile_is_refused(server: Server) -> None:
    await server.create_job(**HOURLY)
    read = (await server.client.get("/schedules/report")).headers["etag"]
    moved = {"job_id": "report", "type": "report.daily", "schedule": {"cron": "30 * * * *"}}
    assert (await server.client.put("/jobs/report", json=moved)).status_code == 200
    stale = await server.client.post("/schedules/report/pause", headers={"If-Match": read})
    assert (stale.status_code, (await told(server))["paused"]) == (412, False)
    paused = await server.client.post("/schedules/report/pause", headers={"If-Match": stale.headers["etag"]})
    assert (paused.status_code, paused.json()["paused"]) == (200, True)
    again = await server.client.post("/schedules/report/resume", headers={"If-Match": stale.headers["etag"]})
    assert again.status_code == 412
    now = {"If-Match": paused.headers["etag"]}
    assert (await server.client.post("/schedules/report/resume", headers=now)).json()["paused"] is False


async def test_firing_does_not_change_what_a_schedule_is(server: Server) -> None:
    await server.create_job(**HOURLY)
    schedule = await server.services.schedules.get("default", "report")
    job, slot = await server.services.jobs.get("default", "report"), schedule.next_at or 0
    firing = make_firing(schedule, job, draining=False, now=slot, new_id=IdSource(SystemClock()))
    await server.engine.schedules.fire([firing], now=slot)
    fired = await server.services.schedules.get("default", "report")
    assert fired.last_slot == slot
    assert fired.revision == schedule.revision


async def test_pausing_is_told_once(server: Server) -> None:
    await server.create_job(**HOURLY)
    for verb in ("/pause", "/pause", "/resume"):
        await told(server, verb)
    events = (await server.client.get("/events", params={"topics": "schedule"})).json()["items"]
    assert [(each["type"], each["subject"]) for each in events] == [
        ("schedule.paused", "report"),
        ("schedule.resumed", "report"),
    ]


async def test_a_triggered_schedule_runs_with_its_inputs_and_keeps_its_slots(server: Server) -> None:
    await server.create_job(**HOURLY)
    before = await told(server)
    run = await told(server, "/trigger")
    assert (run["job_id"], run["status"], run["inputs"]) == ("report", "ready", {"a": 1})
    after = await told(server)
    assert (after["next_at"], after["last_slot"]) == (before["next_at"], before["last_slot"])


async def test_slots_without_a_run_are_made_up_for_once(server: Server) -> None:
    await server.create_job(**HOURLY)
    span = {"after": hours_ago(server, 3), "before": hours_ago(server, 0)}
    dry = await told(server, "/backfill", **span, dry_run=True)
    assert (dry["slots"], dry["run_ids"]) == ([hours_ago(server, hours) for hours in (3, 2, 1)], [])
    assert (await server.client.get("/runs")).json()["items"] == []
    assert (await server.client.get("/audit-events?action=backfill_schedule")).json()["items"] == []
    first = await told(server, "/backfill", **span)
    assert (first["slots"], len(first["run_ids"])) == (dry["slots"], 3)
    assert (await told(server, "/backfill", **span))["slots"] == []
    longer = await told(server, "/backfill", after=hours_ago(server, 4), before=hours_ago(server, 0))
    assert longer["slots"] == [hours_ago(server, 4)]
    runs = (await server.client.get("/runs")).json()["items"]
    assert len(runs) == 4
    assert {run["inputs"]["a"] for run in runs} == {1}


async def test_the_starts_of_a_backfill_are_spread(server: Server) -> None:
    await server.create_job(**HOURLY)
    span = {"after": hours_ago(server, 4), "before": hours_ago(server, 0), "spread_ms": 4 * MINUTE // 1_000}
    made = await told(server, "/backfill", **span)
    runs = await server.engine.runs.get("default", made["run_ids"])
    due = [run.due_at for run in sorted(runs, key=lambda run: run.slot or 0)]
    assert [moment - due[0] for moment in due] == [0, MINUTE, 2 * MINUTE, 3 * MINUTE]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"after": "yesterday", "before": "2026-01-01T00:00:00Z"}, "/after"),
        ({"after": "2026-01-02T00:00:00Z", "before": "2026-01-01T00:00:00Z"}, "/before"),
        ({"after": "2026-01-02T00:00:00Z", "before": "2099-01-01T00:00:00Z"}, "/before"),
        ({"after": "2020-01-02T00:00:00Z", "before": "2026-01-01T00:00:00Z"}, "/before"),
        ({"after": "2026-01-01T00:00:00Z"}, "/before"),
        ({"after": "2026-01-01T00:00:00Z", "before": "2026-01-02T00:00:00Z", "spread_ms": -1}, "/spread_ms"),
        ({"after": "2026-01-01T00:00:00Z", "before": "2026-01-02T00:00:00Z", "until": 1}, "/until"),
    ],
)
async def test_a_time_that_cannot_be_is_refused_with_the_place(
    server: Server, body: dict[str, Any], pointer: str
) -> None:
    await server.create_job(**HOURLY)
    response = await server.client.post("/schedules/report/backfill", json=body)
    assert response.status_code == 422
    assert [fault["pointer"] for fault in response.json()["errors"]] == [pointer]


async def test_what_is_not_there_is_said(server: Server) -> None:
    for verb in ("pause", "resume", "trigger"):
        assert (await server.client.post(f"/schedules/none/{verb}")).status_code == 404


async def test_coming_fires_tell_what_the_clock_does_to_them(server: Server) -> None:
    await server.create_job(schedule={"cron": "30 2 * * *", "timezone": "Europe/Berlin"})
    after: dict[str, str | int] = {"after": "2099-03-28T12:00:00Z", "count": 2}
    found = (await server.client.get("/schedules/report/next", params=after)).json()
    assert found["fires"] == [
        {"at": "2099-03-29T01:00:00Z", "clock": ["moved"]},
        {"at": "2099-03-30T00:30:00Z", "clock": []},
    ]
    assert found["next"] == [each["at"] for each in found["fires"]]
    await told(server, "/pause")
    assert (await server.client.get("/schedules/report/next", params=after)).json()["fires"] == []


async def test_a_schedule_and_its_job_say_when_they_run_in_both_languages(server: Server) -> None:
    await server.create_job(**HOURLY)
    when = {"en": "every hour, UTC", "id": "setiap jam, UTC"}
    assert (await told(server))["when"] == when
    overview = (await server.client.get("/overview/jobs")).json()
    assert [each["when"] for each in overview["items"]] == [when]


async def test_a_document_that_is_checked_says_when_it_would_run(server: Server) -> None:
    spring = {"cron": "30 2 * * *", "timezone": "Europe/Berlin", "start_at": "2099-03-28T12:00:00Z"}
    document = {"job_id": "nightly", "type": "nightly", "schedule": spring}
    checked = (await server.client.post("/jobs/validate", json=document)).json()
    assert checked["when"]["id"] == "setiap hari pukul 02.30, mulai 28 Maret 2099 pukul 13.00, Europe/Berlin"
    assert checked["fires"][0] == {"at": "2099-03-29T01:00:00Z", "clock": ["moved"]}
    wrong = {**document, "schedule": {"cron": "61 * * * *"}}
    checked = (await server.client.post("/jobs/validate", json=wrong)).json()
    assert (checked["when"], checked["fires"]) == (None, [])


async def test_an_overview_tells_how_schedules_stand_and_what_came_of_them(server: Server) -> None:
    await server.create_job(**HOURLY)
    await server.create_job(job_id="off", enabled=False, schedule={"cron": "0 * * * *"})
    run = await told(server, "/trigger")
    overview = (await server.client.get("/overview/schedules")).json()["items"]
    assert [(each["schedule"]["schedule_id"], each["standing"]) for each in overview] == [
        ("off", "job_disabled"),
        ("report", "active"),
    ]
    assert [each["run_id"] for each in overview[1]["recent"]] == [run["run_id"]]
    await told(server, "/pause")
    expected: list[tuple[dict[str, str | list[str]], list[str]]] = [
        ({"standing": "paused"}, ["report"]),
        ({"standing": ["paused", "job_disabled"], "q": "OF"}, ["off"]),
        ({"job": "report"}, ["report"]),
        ({"schedule": "off"}, ["off"]),
        ({"q": "nothing"}, []),
    ]
    for query, ids in expected:
        found = (await server.client.get("/overview/schedules", params=query)).json()["items"]
        assert [each["schedule"]["schedule_id"] for each in found] == ids, query


async def test_an_agenda_tells_what_is_to_come_by_the_clock_that_was_asked_for(server: Server) -> None:
    for name in ("a", "b", "c"):
        await server.create_job(job_id=name, schedule={"cron": "30 2 * * *", "timezone": "Asia/Jakarta"})
    agenda = (await server.client.get("/overview/agenda", params={"timezone": "Asia/Jakarta"})).json()
    entries = [entry for day in agenda["days"] for entry in day["entries"]]
    assert len(entries) == 21
    assert {each["hour"] for each in agenda["hours"] if each["fires"]} == {2}
    assert sum(each["fires"] for each in agenda["hours"]) == 21
    assert [busy["schedule_ids"] for day in agenda["days"] for busy in day["busy"]] == [["a", "b", "c"]] * 7
    assert (await server.client.get("/overview/agenda", params={"timezone": "Nowhere"})).status_code == 422


async def test_slots_that_got_no_run_are_told_with_the_reason(server: Server) -> None:
    await server.create_job(**HOURLY, queue="full")
    await server.client.post("/queues/full/drain")
    slot = server.engine.now() // HOUR * HOUR
    (schedule,) = await server.engine.schedules.get("default", ["report"])
    document = await server.engine.documents.get("default", JOB_KIND, "report")
    assert document is not None
    due = structs.replace(schedule, next_at=slot)
    firing = make_firing(due, to_job(document), draining=True, now=slot, new_id=str)
    await server.engine.events.append(firing.events)
    (skipped,) = (await server.client.get("/schedules/report/skipped")).json()["items"]
    assert (skipped["reason"], skipped["count"], skipped["slots"]) == ("queue_draining", 1, [to_iso(slot)])
    overview = (await server.client.get("/overview/schedules")).json()["items"]
    assert overview[0]["skipped"] == skipped
    assert (await server.client.get("/schedules/none/skipped")).status_code == 404


async def test_a_backfill_takes_an_order_and_a_limit_and_tells_what_there_is(server: Server) -> None:
    await server.create_job(**HOURLY)
    span = {"after": hours_ago(server, 4), "before": hours_ago(server, 0)}
    newest = await told(server, "/backfill", **span, order="newest", limit=1)
    assert (newest["slots"], newest["existing"], newest["left"]) == ([hours_ago(server, 1)], 0, 3)
    dry = await told(server, "/backfill", **span, dry_run=True)
    assert (dry["slots"][0], len(dry["slots"]), dry["existing"], dry["left"]) == (hours_ago(server, 4), 3, 1, 0)
