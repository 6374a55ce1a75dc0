"""Removes what was kept long enough, a little at a time, so that nobody waits for the writer's lock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeAlias

import structlog

from treadle.domain.instants import DAY, HOUR, MINUTE, Instant
from treadle.domain.stats import MINUTES_KEPT
from treadle.engines.contract import Engine
from treadle.scheduler.rollup import Rollup
from treadle.settings import Settings

EVERY_SECONDS: Final = 60.0
CHUNK: Final = 500
WORKERS_DAYS: Final = 7.0
"""How long workers that are gone are remembered."""
ENDED_DAYS: Final = 30.0
"""How long tokens, users, sessions and bulk actions that have ended can be seen."""
SELECTIONS_DAYS: Final = 1 / 24
"""How long selections that have expired are kept: an action may just have begun on one."""

_BREATH_SECONDS: Final = 0.02

_logger = structlog.get_logger(__name__)

_Prune: TypeAlias = Callable[[Instant, int], Awaitable[int]]


class Pruner:
    """Applies the retention of settings to runs, what they add up to, log lines, events, messages, workers, what was
    let in and the audit log; idle limits go at once."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._count = Rollup(engine)
        self._kept: dict[str, tuple[_Prune, float]] = {
            "runs": (engine.runs.prune, settings.retention_runs_days),
            "failure groups": (engine.failures.prune, settings.retention_runs_days),
            "hours": (partial(engine.stats.prune, HOUR), settings.retention_stats_days),
            "minutes": (partial(engine.stats.prune, MINUTE), MINUTES_KEPT / DAY),
            "log lines": (engine.logs.prune, settings.retention_logs_days),
            "events": (engine.events.prune, settings.retention_events_days),
            "messages": (engine.messages.prune, settings.retention_messages_days),
            "workers": (engine.workers.prune, WORKERS_DAYS),
            "credentials": (engine.access.prune, ENDED_DAYS),
            "audit entries": (engine.audit.prune, settings.retention_audit_days),
            "selections": (engine.selections.prune, SELECTIONS_DAYS),
            "bulk actions": (engine.bulk_actions.prune, ENDED_DAYS),
            "idle limits": (engine.lanes.prune, 0.0),
        }

    async def __call__(self) -> float:
        """Prune all that is too old now; answers the seconds until the next time. What goes was counted before."""
        await self._count.catch_up()
        for what, (prune, days) in self._kept.items():
            before = self._engine.now() - round(days * DAY)
            total = removed = await prune(before, CHUNK)
            while removed == CHUNK:
                await asyncio.sleep(_BREATH_SECONDS)
                removed = await prune(before, CHUNK)
                total += removed
            if total:
                _logger.info("pruned", what=what, count=total, older_than_days=days)
        return EVERY_SECONDS
