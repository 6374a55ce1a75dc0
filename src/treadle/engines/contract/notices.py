"""Being woken where something has happened."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class Topic(StrEnum):
    """What a notice is about."""

    RUNS = "runs"
    CANCELS = "cancels"
    EVENTS = "events"
    LOGS = "logs"
    SCHEDULES = "schedules"
    TRIGGERS = "triggers"
    MESSAGES = "messages"
    CASCADES = "cascades"
    BULK_ACTIONS = "bulk_actions"


class Notices(Protocol):
    """Wake-ups between the processes on one engine. They hurry; they are never relied upon."""

    async def wait(self, patience: float) -> frozenset[str]:
        """The topics that were told since the last call, as soon as there are any; none after `patience` seconds."""
        ...

    async def close(self) -> None:
        """Stop listening."""
        ...
