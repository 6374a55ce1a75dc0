"""Executors whose attempts are spans: one for the wait, and one that is under way while the attempt is."""

from __future__ import annotations

from treadle import tracing
from treadle.domain.outcomes import Failed, Outcome
from treadle.executors.base import Execution, Executor


class Traced:
    """An executor that makes spans below the one of whoever submitted the run. Only made where traces are."""

    def __init__(self, inner: Executor) -> None:
        self._inner = inner
        self.ends_itself = inner.ends_itself

    async def run(self, execution: Execution) -> Outcome:
        """Carries out one attempt; see `Executor`."""
        claim, parent = execution.claim, execution.work.trace
        about: dict[str, str | int] = {
            "treadle.run_id": claim.id,
            "treadle.job_id": claim.job_id,
            "treadle.domain": claim.domain,
            "treadle.queue": claim.queue,
            "treadle.attempt": claim.attempt,
        }
        began = execution.clock.wall()
        tracing.record("wait", min(claim.due_at, began), began, parent=parent, attributes=about)
        with tracing.span(f"run {claim.job_id}", tracing.Kind.CONSUMER, parent=parent, attributes=about) as attempt:
            outcome = await self._inner.run(execution)
            if isinstance(outcome, Failed):
                attempt.fail(outcome.error.code)
        return outcome
