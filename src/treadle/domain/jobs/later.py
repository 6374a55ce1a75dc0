"""Keys whose effect comes with a later release: refused, never taken without effect.

Each is named by its JSON pointer in a job's document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from treadle.domain.errors import Problem, below

_LIMITS_IN_INPUTS: Final = (
    "command_allow_prefixes",
    "allow_sensitive_commands",
    "dispatch_jitter_sec",
    "failure_cooldown_max_sec",
    "failure_cooldown_sec",
    "failure_memory_enabled",
    "failure_threshold",
    "pressure_priority",
    "require_approval_for_missing",
)

TOP_LEVEL: Final = frozenset(
    {
        *_LIMITS_IN_INPUTS,
        "agent_pool",
        "domain",
        "enable_dead_letter_queue",
        "environment",
        "job_type",
        "payload",
        "scheduleHint",
        "source",
        "user",
        "version",
    }
)

KEYS: Final = frozenset(
    {
        *(f"/{key}" for key in TOP_LEVEL),
        *(f"/inputs/{key}" for key in _LIMITS_IN_INPUTS),
        "/executor/environment",
        "/schedule/next_run_at",
    }
)

VALUES: Final[dict[str, Callable[[Any], bool]]] = {
    "/executor/type": {"batch", "external", "script", "http", "query", "agent"}.__contains__,
    "/executor/shell": {"cmd", "powershell"}.__contains__,
}

_SECTIONS: Final = {pointer.rpartition("/")[0] for pointer in KEYS}


def take_later(document: Mapping[str, Any], problems: list[Problem], at: str = "") -> dict[str, Any]:
    """The document without what has no effect yet. Each such key or value is a problem, unless it is null."""
    rest = {}
    for key, value in document.items():
        pointer = below(at, key)
        if pointer in KEYS:
            if value is not None:
                problems.append(_problem(pointer, "this key is"))
        elif pointer in VALUES and isinstance(value, str | int | float) and VALUES[pointer](value):
            problems.append(_problem(pointer, f"the value {value!r} is"))
        else:
            within = pointer in _SECTIONS and isinstance(value, Mapping)
            rest[key] = take_later(value, problems, pointer) if within else value
    return rest


def later_inputs(inputs: Mapping[str, Any], at: str = "/inputs") -> list[Problem]:
    """What of a run's inputs is a limit that has no effect yet, wherever inputs are given."""
    return [_problem(below(at, key), "this key is") for key in _LIMITS_IN_INPUTS if inputs.get(key) is not None]


def _problem(pointer: str, what: str) -> Problem:
    return Problem(pointer, f"{what} not supported yet by this release, and would have no effect", "not_yet_supported")
