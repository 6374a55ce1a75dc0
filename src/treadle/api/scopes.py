"""Which scope each operation needs: `read` to read, `write` to change something, but for what a table here names."""

from __future__ import annotations

from typing import Final

from treadle.domain.access import Scope

LOGIN_OPERATION: Final = "open_session"
"""The one that needs no caller."""

_OPERATE: Final = frozenset(
    {
        "backfill_schedule",
        "cancel_run",
        "create_selection",
        "disable_job",
        "discard_dead_letter",
        "discard_dead_letters",
        "discard_message",
        "drain_queue",
        "enqueue_run",
        "enable_job",
        "pause_queue",
        "pause_schedule",
        "post_disable_job",
        "post_enable_job",
        "publish_event",
        "put_messages",
        "reopen_failure_group",
        "resolve_failure_group",
        "resume_queue",
        "resume_schedule",
        "retry_dead_letter",
        "retry_dead_letters",
        "retry_message",
        "retry_run",
        "run_group",
        "run_job",
        "start_bulk_action",
        "submit_runs",
        "snooze_failure_group",
        "trigger_schedule",
    }
)
"""What runs jobs and steers their runs, and defines nothing."""

_READ: Final = frozenset({"check_job", "validate_job"})
"""What is posted, and changes nothing."""

_ADMIN: Final = frozenset(
    {
        "create_domain",
        "create_domain_token",
        "create_link",
        "delete_domain",
        "disable_domain",
        "enable_domain",
        "set_domain",
    }
)
_ADMIN_TAGS: Final = frozenset({"tokens", "users", "audit"})
"""What rules over others, reading included."""

_ANYBODY: Final = frozenset({LOGIN_OPERATION, "get_session", "close_session", "create_own_token"})
"""What is about the caller alone."""


def needed(method: str, operation_id: str, tags: frozenset[str]) -> Scope | None:
    """The scope that an operation needs; None for those that need none beyond a caller."""
    if operation_id in _ANYBODY:
        return None
    if operation_id in _ADMIN or tags & _ADMIN_TAGS:
        return Scope.ADMIN
    if method == "GET" or operation_id in _READ:
        return Scope.READ
    return Scope.OPERATE if operation_id in _OPERATE else Scope.WRITE


NAMED: Final = _OPERATE | _READ | _ADMIN | _ANYBODY
"""Every operation that stands in a table: each must be there."""
