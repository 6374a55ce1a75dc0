"""Starts the jobs for which messages wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from treadle.domain.runs import Cause, NewRun
from treadle.domain.submitting import build_run
from treadle.engines.contract import Consumer, Engine
from treadle.engines.definitions import JOB_KIND, to_job

POLL_SECONDS: Final = 1.0
"""How long messages may go unnoticed where their notice is lost."""

_JOBS: Final = 200


class Arrivals:
    """Submits a run of each job that is to be started by messages, where some wait and none of its runs is live.

    Any number of schedulers may do so: the engine looks once more in the transaction that submits the run.
    """

    def __init__(self, engine: Engine, new_id: Callable[[str], str]) -> None:
        self._engine = engine
        self._new_id = new_id

    async def __call__(self) -> float:
        """Start what is to be started now; answers the seconds until the next time."""
        awaited = await self._engine.messages.awaited(_JOBS)
        runs = [run for consumer in awaited if (run := await self._run(consumer)) is not None]
        if runs:
            await self._engine.messages.start(runs)
        return POLL_SECONDS

    async def _run(self, consumer: Consumer) -> NewRun | None:
        document = await self._engine.documents.get(consumer.domain, JOB_KIND, consumer.job_id)
        if document is None:
            return None  # it was deleted a moment ago
        return build_run(to_job(document), run_id=self._new_id("run"), now=self._engine.now(), cause=Cause.MESSAGE)
