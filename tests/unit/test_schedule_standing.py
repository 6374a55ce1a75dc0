"""Whether a schedule fires, and if not, why."""

from __future__ import annotations

from typing import Any

import pytest

from treadle.domain.instants import HOUR, MINUTE, from_iso
from treadle.domain.jobs import create_job, job_schedule, parse_job, pause_schedule
from treadle.domain.schedules import Standing, standing

NOW = from_iso("2026-11-05T00:00:00Z")


@pytest.mark.parametrize(
    ("said", "enabled", "later", "stands"),
    [
        ({"cron": "0 * * * *"}, True, 0, Standing.ACTIVE),
        ({"cron": "0 * * * *"}, True, HOUR + MINUTE, Standing.ACTIVE),
        ({"cron": "0 * * * *"}, True, HOUR + MINUTE + 1, Standing.OVERDUE),
        ({"cron": "0 * * * *"}, False, 0, Standing.JOB_DISABLED),
        ({"cron": "0 * * * *", "enabled": False}, True, 0, Standing.DISABLED),
        ({"cron": "0 * * * *", "end_at": "2026-11-05T00:30:00Z"}, True, 0, Standing.OVER),
    ],
)
def test_a_schedule_says_why_it_does_not_fire(
    said: dict[str, Any], enabled: object, later: int, stands: Standing
) -> None:
    job = create_job(
        parse_job({"job_id": "a", "type": "a", "schedule": said, "enabled": enabled}), source="api", now=NOW
    )
    schedule = job_schedule(job, None, NOW)
    assert schedule is not None
    assert standing(schedule, NOW + later) is stands
    assert standing(pause_schedule(job, schedule, NOW, paused=True), NOW + later) is Standing.PAUSED
