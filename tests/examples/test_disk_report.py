"""examples/disk-report: sizes that are true, and a `scheduler.yaml` whose entries fire by the clocks of two zones."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.product import Product
from tests.support.up import treadle


def test_the_largest_entries_are_listed_with_their_sizes(product: Product, tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "long").write_bytes(bytes(5_000))
    (tmp_path / "films" / "short").write_bytes(bytes(100))
    (tmp_path / "notes").write_bytes(bytes(300))
    run = product.run("disk.report", {"path": str(tmp_path), "min_free_percent": 0})
    assert run["status"] == "completed"
    assert run["result"]["largest"] == [{"name": "films", "bytes": 5_100}, {"name": "notes", "bytes": 300}]


def test_a_disk_that_is_too_full_fails_the_report(product: Product, tmp_path: Path) -> None:
    run = product.run("disk.report", {"path": str(tmp_path), "min_free_percent": 100})
    assert run["status"] == "failed"
    assert "100% is the least it may be" in run["error"]["message"]


@pytest.mark.parametrize(
    ("zone", "hour", "minute", "weekdays"),
    [("America/New_York", 9, 0, {0, 1, 2, 3, 4}), ("Europe/Berlin", 2, 30, {0, 1, 2, 3, 4, 5, 6})],
)
def test_each_entry_stands_with_its_coming_fires(
    product: Product, zone: str, hour: int, minute: int, weekdays: set[int]
) -> None:
    schedules = product.get("/schedules", job="disk.report")["items"]
    (schedule,) = (each for each in schedules if each["timezone"] == zone)
    assert schedule["active"]
    coming = product.get(f"/schedules/{schedule['schedule_id']}/next", count=20)["next"]
    assert coming[0] == schedule["next_at"]
    local = [datetime.fromisoformat(each).astimezone(ZoneInfo(zone)) for each in coming]
    assert len(local) == 20
    assert {each.weekday() for each in local} == weekdays
    ordinary = [each for each in local if each.utcoffset() == local[0].utcoffset()]
    assert {(each.hour, each.minute) for each in ordinary} == {(hour, minute)}


@pytest.mark.parametrize(
    ("zone", "after", "expected"),
    [
        pytest.param(
            "America/New_York",
            "2026-03-06T15:00:00Z",
            ["2026-03-09T13:00:00Z", "2026-03-10T13:00:00Z"],
            id="09:00 in New York is 13:00 UTC from the Monday after the clocks went forward",
        ),
        pytest.param(
            "Europe/Berlin",
            "2026-03-28T00:00:00Z",
            ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
            id="02:30 in Berlin, skipped by the clocks, comes with the first moment after the gap",
        ),
        pytest.param(
            "Europe/Berlin",
            "2026-10-24T12:00:00Z",
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
            id="02:30 in Berlin, which comes twice, fires the first time only",
        ),
    ],
)
def test_entries_keep_to_their_clock_when_it_is_changed(
    product: Product, zone: str, after: str, expected: list[str]
) -> None:
    schedules = product.get("/schedules", job="disk.report")["items"]
    (cron,) = (each["cron"] for each in schedules if each["timezone"] == zone)
    asked = ["schedule", "next", cron, "--tz", zone, "--after", after, "--count", str(len(expected)), "--json"]
    assert json.loads(treadle(*asked).stdout) == {"next": expected}
