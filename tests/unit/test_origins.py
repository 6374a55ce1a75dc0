"""Where each value of a job came from."""

from __future__ import annotations

from typing import Any

from treadle.authoring.overrides import override
from treadle.domain.jobs import create_job, parse_job
from treadle.domain.jobs.origins import switched_source, told_source, value_origins

HERE = "tasks/report.py:12"


def origins(document: dict[str, Any], environment: dict[str, str] | None = None, **project: Any) -> dict[str, str]:
    overridden = override(parse_job(document), environment or {}, project)
    return value_origins(create_job(overridden.spec, source=told_source(HERE, overridden.origins), now=0))


def test_what_is_said_is_told_from_what_is_not() -> None:
    found = origins(
        {
            "job_id": "report",
            "type": "report",
            "description": "Reports.",
            "schedule": {"interval_sec": 60},
            "retry_policy": {"max_retry": 5},
            "inputs": {"region": "java"},
        }
    )
    said = {key for key, origin in found.items() if origin == HERE}
    assert said == {"description", "schedule.interval_sec", "retry_policy.max_retry", "inputs"}
    assert {found[key] for key in found.keys() - said} == {"default"}
    assert {"timeout_ms", "queue", "priority", "enabled", "overlap", "retry_policy.backoff_sec"} <= found.keys()


def test_what_goes_over_a_definition_is_named() -> None:
    document = {"job_id": "report", "type": "report", "schedule": {"interval_sec": 60}}
    found = origins(document, {"REPORT_ENABLED": "false"}, report_interval_seconds=30)
    assert found["enabled"] == "REPORT_ENABLED"
    assert found["schedule.interval_sec"] == "treadle.toml: report_interval_seconds"
    assert origins(document, {"REPORT_ENABLED": "true"})["enabled"] == "REPORT_ENABLED"


def test_a_job_that_was_switched_by_hand_says_so() -> None:
    job = create_job(parse_job({"job_id": "a", "type": "a", "enabled": False}), source=HERE, now=0)
    by_hand = switched_source(told_source(HERE, {"enabled": "A_ENABLED", "interval_seconds": "x"}), "api")
    assert by_hand == f"{HERE}; enabled by api; interval_seconds by x"
    assert value_origins(job)["enabled"] == HERE
