"""examples/disk-report: sizes that are true, and a `scheduler.yaml` whose entries fire by the clocks of two zones."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from tests.examples.product import EXAMPLES, Product, result
from treadle.domain.instants import from_iso, to_iso
from treadle.domain.runs import State
from treadle.domain.schedules import Schedule
from treadle.domain.triggers import fires, parse_cron


@pytest.fixture(scope="module")
def schedules(treadle: Product) -> list[Schedule]:
    return treadle.define_schedules(EXAMPLES / "disk-report" / "scheduler.yaml")


def test_the_largest_entries_are_listed_with_their_sizes(treadle: Product, tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "long").write_bytes(bytes(5_000))
    (tmp_path / "films" / "short").write_bytes(bytes(100))
    (tmp_path / "notes").write_bytes(bytes(300))
    run = treadle.run("disk.report", {"path": str(tmp_path), "min_free_percent": 0})
    assert run.state is State.COMPLETED
    assert result(run)["largest"] == [{"name": "films", "bytes": 5_100}, {"name": "notes", "bytes": 300}]


def test_a_disk_that_is_too_full_fails_the_report(treadle: Product, tmp_path: Path) -> None:
    run = treadle.run("disk.report", {"path": str(tmp_path), "min_free_percent": 100})
    assert run.state is State.FAILED
    assert run.error is not None
    assert "100% is the least it may be" in run.error.message


@pytest.mark.parametrize(
    ("timezone", "after", "expected"),
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
def test_entries_fire_by_the_clock_of_their_zone(
    schedules: list[Schedule], timezone: str, after: str, expected: list[str]
) -> None:
    assert {schedule.spec.timezone for schedule in schedules} == {"America/New_York", "Europe/Berlin"}
    (cron,) = (each.spec.cron for each in schedules if each.spec.timezone == timezone)
    assert cron is not None
    slots = islice(fires(parse_cron(cron, timezone), from_iso(after)), len(expected))
    assert [to_iso(slot) for slot in slots] == expected
