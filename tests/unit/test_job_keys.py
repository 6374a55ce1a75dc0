"""Every key that a definition may carry has an effect today or is refused as not yet supported: none is swallowed."""

from __future__ import annotations

from typing import Any

import pytest

from treadle.domain.affinity import Affinity
from treadle.domain.clashes import Debounce, Unique
from treadle.domain.errors import InvalidInput
from treadle.domain.jobs import parse_job
from treadle.domain.jobs.document import (
    CAPABILITIES,
    ExecutorDocument,
    JobDocument,
    MessagesDocument,
    RetryDocument,
    ScheduleDocument,
    StartRateDocument,
)
from treadle.domain.jobs.later import KEYS, VALUES
from treadle.domain.schedules import Misfire
from treadle.domain.work import Completion

HANDLER: dict[str, Any] = {"job_id": "x", "type": "report.daily"}
SHELL: dict[str, Any] = {"job_id": "x", "executor": {"type": "shell", "script": "true"}}
PYTHON: dict[str, Any] = {"job_id": "x", "executor": {"type": "python", "script": "1"}}
DEBOUNCED = HANDLER | {"debounce": {"wait_sec": 5}}
MAIL: dict[str, Any] = HANDLER | {"messages": {"type": "mail"}}
DAILY = {"cron": "0 0 * * *"}


def in_shell(**executor: Any) -> dict[str, Any]:
    return {"job_id": "x", "executor": {"type": "shell"} | executor}


def in_python(**executor: Any) -> dict[str, Any]:
    return {"job_id": "x", "executor": {"type": "python"} | executor}


def scheduled(**schedule: Any) -> dict[str, Any]:
    return HANDLER | {"schedule": schedule}


AFFINITIES: dict[str, dict[str, Any]] = {
    "os": {"os": ["linux"]},
    "tags": {"tags": ["b"]},
    "allowed_users": {"allowed_users": ["ops"]},
    "hostnames": {"hostnames": ["ant"]},
    "subnets": {"subnets": ["10.0.0.0/8"]},
    "deployment_types": {"deployment_types": ["docker"]},
    "capabilities": {"capabilities": ["wallet"]},
}
FLOW = HANDLER | {"flow_group": "konten_harian"}
KEYED = HANDLER | {"concurrency_key": "{account}"}
RATE: dict[str, Any] = {"max_runs": 3, "window_sec": 1}


def rated(**rate: Any) -> dict[str, Any]:
    return HANDLER | {"rate_limit": rate}


# pointer → two documents that differ in what stands there, and so must differ in what they mean
EFFECTIVE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "/job_id": (HANDLER, HANDLER | {"job_id": "y"}),
    "/type": (HANDLER, HANDLER | {"type": "backup.export"}),
    "/name": (HANDLER, HANDLER | {"name": "X"}),
    "/description": (HANDLER, HANDLER | {"description": "X"}),
    "/dependencies": (HANDLER, HANDLER | {"dependencies": ["other"]}),
    "/after": (HANDLER, HANDLER | {"after": ["other"]}),
    "/after_join": (HANDLER | {"after": ["other"]}, HANDLER | {"after": ["other"], "after_join": "any"}),
    "/timeout_ms": (HANDLER, HANDLER | {"timeout_ms": 1}),
    "/timeout": (HANDLER, HANDLER | {"timeout": 1}),
    "/timeout_seconds": (HANDLER, HANDLER | {"timeout_seconds": 300}),
    "/retries": (HANDLER, HANDLER | {"retries": 0}),
    "/max_retries": (HANDLER, HANDLER | {"max_retries": 1}),
    "/retry_delay_seconds": (HANDLER, HANDLER | {"retry_delay_seconds": 30}),
    "/retry_policy": (HANDLER, HANDLER | {"retry_policy": {"max_retry": 1}}),
    "/retry_policy/max_retry": (HANDLER, HANDLER | {"retry_policy": {"max_retry": 1}}),
    "/retry_policy/backoff_sec": (HANDLER, HANDLER | {"retry_policy": {"backoff_sec": [9]}}),
    "/retry_policy/delay_sec": (HANDLER, HANDLER | {"retry_policy": {"delay_sec": 9}}),
    "/retry_policy/strategy": (HANDLER, HANDLER | {"retry_policy": {"strategy": "exponential"}}),
    "/retry_policy/backoff": (HANDLER, HANDLER | {"retry_policy": {"backoff": {"base": 1}}}),
    "/inputs": (HANDLER, HANDLER | {"inputs": {"channel": "telegram"}}),
    "/idempotent": (HANDLER, HANDLER | {"idempotent": False}),
    "/inputs_schema": (HANDLER, HANDLER | {"inputs_schema": {"type": "object"}}),
    "/inputs/channel": (HANDLER, HANDLER | {"inputs": {"channel": "telegram"}}),
    "/inputs/account_id": (HANDLER, HANDLER | {"inputs": {"account_id": "bot"}}),
    "/inputs/prompt": (HANDLER, HANDLER | {"inputs": {"prompt": "p"}}),
    "/inputs/allow_overlap": (HANDLER, HANDLER | {"inputs": {"allow_overlap": True}}),
    "/overlap": (HANDLER, HANDLER | {"overlap": "queue_all"}),
    "/unique": (HANDLER, HANDLER | {"unique": {}}),
    "/unique/key": (HANDLER | {"unique": {}}, HANDLER | {"unique": {"key": "{account}"}}),
    "/unique/until": (HANDLER | {"unique": {}}, HANDLER | {"unique": {"until": 60}}),
    "/unique/on_clash": (HANDLER | {"unique": {}}, HANDLER | {"unique": {"on_clash": "replace"}}),
    "/debounce": (HANDLER, DEBOUNCED),
    "/debounce/wait_sec": (DEBOUNCED, HANDLER | {"debounce": {"wait_sec": 6}}),
    "/debounce/max_wait_sec": (DEBOUNCED, HANDLER | {"debounce": {"wait_sec": 5, "max_wait_sec": 60}}),
    "/debounce/key": (DEBOUNCED, HANDLER | {"debounce": {"wait_sec": 5, "key": "{account}"}}),
    "/allow_overlap": (HANDLER, HANDLER | {"allow_overlap": True}),
    "/enabled": (HANDLER, HANDLER | {"enabled": False}),
    "/priority": (HANDLER, HANDLER | {"priority": "critical"}),
    "/queue": (HANDLER, HANDLER | {"queue": "mail"}),
    "/tags": (HANDLER, HANDLER | {"tags": ["mail"]}),
    "/isolation": (HANDLER, HANDLER | {"isolation": "process"}),
    "/messages": (HANDLER, MAIL),
    "/messages/type": (MAIL, HANDLER | {"messages": {"type": "sms"}}),
    "/messages/batch_size": (MAIL, HANDLER | {"messages": {"type": "mail", "batch_size": 2}}),
    "/messages/max_attempts": (MAIL, HANDLER | {"messages": {"type": "mail", "max_attempts": 2}}),
    "/messages/preserve_order": (MAIL, HANDLER | {"messages": {"type": "mail", "preserve_order": True}}),
    "/messages/trigger": (MAIL, HANDLER | {"messages": {"type": "mail", "trigger": True}}),
    "/batch_size": (HANDLER, HANDLER | {"batch_size": 2}),
    "/preserve_order": (HANDLER, HANDLER | {"preserve_order": True}),
    **{f"/requires_{name}": (HANDLER, HANDLER | {f"requires_{name}": True}) for name in CAPABILITIES},
    "/misfire": (HANDLER, HANDLER | {"misfire": {"policy": "all"}}),
    "/misfire/policy": (HANDLER, HANDLER | {"misfire": {"policy": "skip"}}),
    "/misfire/grace_sec": (HANDLER, HANDLER | {"misfire": {"grace_sec": 1}}),
    "/misfire/cap": (HANDLER, HANDLER | {"misfire": {"cap": 1}}),
    "/max_concurrent": (HANDLER, HANDLER | {"max_concurrent": 2}),
    "/flow_group": (HANDLER, HANDLER | {"flow_group": "konten_harian"}),
    "/flow_max_active_runs": (FLOW, FLOW | {"flow_max_active_runs": 8}),
    "/inputs/flow_group": (HANDLER, HANDLER | {"inputs": {"flow_group": "konten_harian"}}),
    "/inputs/flow_max_active_runs": (FLOW, FLOW | {"inputs": {"flow_max_active_runs": 8}}),
    "/concurrency_key": (HANDLER, HANDLER | {"concurrency_key": "{account}"}),
    "/concurrencyKey": (HANDLER, HANDLER | {"concurrencyKey": "{account}"}),
    "/concurrency_limit": (KEYED, KEYED | {"concurrency_limit": 2}),
    "/rate_limit": (HANDLER, HANDLER | {"rate_limit": RATE}),
    "/rate_limit/max_runs": (rated(**RATE), rated(max_runs=4, window_sec=1)),
    "/rate_limit/maxRuns": (rated(**RATE), rated(maxRuns=4, window_sec=1)),
    "/rate_limit/window_ms": (rated(**RATE), rated(max_runs=3, window_ms=5)),
    "/rate_limit/windowMs": (rated(**RATE), rated(max_runs=3, windowMs=5)),
    "/rate_limit/window_sec": (rated(**RATE), rated(max_runs=3, window_sec=5)),
    "/rate_limit/key": (rated(**RATE), rated(**RATE, key="{account}")),
    "/rateLimit": (HANDLER, HANDLER | {"rateLimit": {"maxRuns": 1, "windowMs": 1000}}),
    "/searchable": (HANDLER, HANDLER | {"searchable": ["customer.id"]}),
    "/secrets": (SHELL, SHELL | {"secrets": ["KEY"]}),
    "/schedule": (HANDLER, scheduled(**DAILY)),
    "/schedule/interval_sec": (HANDLER, scheduled(interval_sec=30)),
    "/schedule/interval_seconds": (HANDLER, scheduled(interval_seconds=30)),
    "/schedule/cron": (HANDLER, scheduled(**DAILY)),
    "/schedule/at": (HANDLER, scheduled(at="2026-01-01T00:00:00Z")),
    "/schedule/mode": (HANDLER, scheduled(mode="immediate")),
    "/schedule/timezone": (scheduled(**DAILY), scheduled(**DAILY, timezone="Asia/Jakarta")),
    "/schedule/start_at": (scheduled(**DAILY), scheduled(**DAILY, start_at="2026-01-01T00:00:00Z")),
    "/schedule/end_at": (scheduled(**DAILY), scheduled(**DAILY, end_at="2026-01-01T00:00:00Z")),
    "/schedule/enabled": (scheduled(**DAILY), scheduled(**DAILY, enabled=False)),
    "/affinity": (HANDLER, HANDLER | {"affinity": {"tags": ["gpu"]}}),
    **{
        f"/affinity/{key}": (HANDLER | {"affinity": {"tags": ["a"]}}, HANDLER | {"affinity": {"tags": ["a"], **one}})
        for key, one in AFFINITIES.items()
    },
    "/executor": (HANDLER, SHELL),
    "/executor/type": (in_shell(script="1"), in_python(script="1")),
    "/executor/script": (SHELL, in_shell(script="false")),
    "/executor/code": (PYTHON, in_python(code="2")),
    "/executor/command": (SHELL, in_shell(command="false")),
    "/executor/argv": (SHELL, in_shell(argv=["true"])),
    "/executor/args": (SHELL, in_shell(script="true", args=["a"])),
    "/executor/env": (SHELL, in_shell(script="true", env={"A": "1"})),
    "/executor/workdir": (SHELL, in_shell(script="true", workdir="/srv")),
    "/executor/shell": (SHELL, {"job_id": "x", "executor": {"type": "shell", "script": "true", "shell": "sh"}}),
    "/executor/interpreter": (PYTHON, in_python(script="1", interpreter="python3.12")),
    "/executor/handler": (PYTHON, in_python(handler="h")),
    "/completion": (SHELL, SHELL | {"completion": {"exit_codes": [1]}}),
    "/completion/exit_codes": (SHELL, SHELL | {"completion": {"exit_codes": [0, 1]}}),
    "/completion/stdout_contains": (SHELL, SHELL | {"completion": {"stdout_contains": ["ok"]}}),
    "/completion/stdout_not_contains": (SHELL, SHELL | {"completion": {"stdout_not_contains": ["no"]}}),
    "/completion/stderr_contains": (SHELL, SHELL | {"completion": {"stderr_contains": ["ok"]}}),
    "/completion/stderr_not_contains": (SHELL, SHELL | {"completion": {"stderr_not_contains": ["no"]}}),
}

# What other systems' definitions carry and whose effect is yet to come.
LATER: dict[str, Any] = {
    "/agent_pool": "default",
    "/inputs/pressure_priority": "critical",
    "/inputs/failure_threshold": 3,
    "/inputs/failure_cooldown_sec": 120,
    "/inputs/failure_cooldown_max_sec": 3600,
    "/inputs/failure_memory_enabled": True,
    "/inputs/dispatch_jitter_sec": 5,
    "/inputs/require_approval_for_missing": True,
    "/inputs/command_allow_prefixes": ["ls"],
    "/inputs/allow_sensitive_commands": False,
    "/pressure_priority": "critical",
    "/failure_threshold": 3,
    "/failure_cooldown_sec": 120,
    "/failure_cooldown_max_sec": 3600,
    "/failure_memory_enabled": True,
    "/dispatch_jitter_sec": 5,
    "/require_approval_for_missing": True,
    "/command_allow_prefixes": ["ls"],
    "/allow_sensitive_commands": False,
    "/version": "1",
    "/enable_dead_letter_queue": True,
    "/scheduleHint": "daily",
    "/job_type": "QUERY",
    "/payload": {"query": "q"},
    "/source": {"url": "https://github.com/user/repo.git", "ref": "main", "path": "scripts"},
    "/domain": "prod",
    "/user": "ops",
    "/environment": {"type": "venv"},
    "/executor/environment": {"type": "venv", "python_version": "3.11"},
    "/executor/type": "batch",
    "/executor/shell": "powershell",
    "/schedule/next_run_at": "2026-01-01T00:00:00Z",
}


@pytest.mark.parametrize("pointer", EFFECTIVE)
def test_an_effective_key_changes_what_the_document_means(pointer: str) -> None:
    before, after = EFFECTIVE[pointer]
    assert parse_job(before) != parse_job(after)


@pytest.mark.parametrize("pointer", LATER)
def test_a_key_without_effect_is_refused_as_not_yet_supported(pointer: str) -> None:
    *parents, last = pointer.split("/")[1:]
    document: dict[str, Any] = {"job_id": "x", "type": "t"}
    inner = document
    for parent in parents:
        inner = inner.setdefault(parent, {})
    inner[last] = LATER[pointer]
    with pytest.raises(InvalidInput) as caught:
        parse_job(document)
    assert (pointer, "not_yet_supported") in [(problem.pointer, problem.code) for problem in caught.value.problems]


@pytest.mark.parametrize("kind", ["batch", "external", "script", "http", "query", "agent"])
def test_executors_of_later_releases_are_refused_as_not_yet_supported(kind: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_job({"job_id": "x", "executor": {"type": kind, "script": "x"}})
    assert [problem.code for problem in caught.value.problems] == ["not_yet_supported"]


def test_the_tables_here_leave_out_no_key() -> None:
    records = {
        "": JobDocument,
        "/executor": ExecutorDocument,
        "/schedule": ScheduleDocument,
        "/retry_policy": RetryDocument,
        "/rate_limit": StartRateDocument,
        "/completion": Completion,
        "/misfire": Misfire,
        "/messages": MessagesDocument,
        "/affinity": Affinity,
        "/unique": Unique,
        "/debounce": Debounce,
    }
    keys = {f"{at}/{name}" for at, record in records.items() for name in record.__struct_fields__}
    assert keys <= set(EFFECTIVE)
    assert KEYS | set(VALUES) == set(LATER)
