"""Why a run is not ready, as data: recorded on the run when it is held back, told by `explain`."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class ReasonCode(StrEnum):
    """What holds a run back."""

    DELAY = "delay"
    RETRY = "retry"
    SNOOZE = "snooze"
    SLEEP = "sleep"
    DEBOUNCE = "debounce"
    EVENT = "event"
    APPROVAL = "approval"
    PARENTS = "parents"
    LANE = "lane"
    RATE = "rate"
    LINE = "line"
    ADMISSION = "admission"


class Reason(Struct, frozen=True, omit_defaults=True):
    """`code` says what kind of thing is waited for, `subject` which one (an event's name, a lane, a run id)."""

    code: ReasonCode
    subject: str = ""
