"""Schedules by hand: paused, resumed, triggered, made up for."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.integration.api.server import Server
from treadle.domain.instants import HOUR, MINUTE, to_iso

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
