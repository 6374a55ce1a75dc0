"""Takes the messages of an attempt before its executor begins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from treadle.authoring.inbox import Inbox
from treadle.domain.messages import Intake, Message
from treadle.domain.outcomes import Outcome, Skipped
from treadle.domain.runs import Claim
from treadle.executors.base import Execution, Executor

Take: TypeAlias = Callable[[Claim, Intake], Awaitable[list[Message]]]
"""Takes a batch for a run; waits for an engine that is away."""


class Consuming:
    """Carries out work by another executor once it has its messages. Without any the attempt is skipped."""

    def __init__(self, executor: Executor, intake: Intake, take: Take) -> None:
        self._executor = executor
        self._intake = intake
        self._take = take

    @property
    def ends_itself(self) -> bool:
        """See `Executor`."""
        return self._executor.ends_itself

    async def run(self, execution: Execution) -> Outcome:
        """Carries out one attempt; see `Executor`."""
        batch = await self._take(execution.claim, self._intake)
        if not batch:
            return Skipped(f"no message of type {self._intake.type} can be taken now")
        execution.messages = Inbox(batch, preserve_order=self._intake.preserve_order)
        return await self._executor.run(execution)
