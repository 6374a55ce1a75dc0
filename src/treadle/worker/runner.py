"""Carries out claimed runs in a fixed number of slots, and turns what they come to into transitions."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import copy_context
from typing import Final

from msgspec import Struct

from treadle.domain.messages import Verdict
from treadle.domain.outcomes import Cancelled, Failed, Outcome, Released, RunError, Succeeded
from treadle.domain.runs import Claim
from treadle.domain.states import Transition, settle
from treadle.domain.work import Work, decode_work
from treadle.executors.base import Execution, Executor
from treadle.executors.capture import current_speaker
from treadle.executors.outcomes import failure, timed_out
from treadle.executors.registry import Executors
from treadle.system import Clock, chance
from treadle.worker.board import NEVER, Board, Why

TICK_SECONDS: Final = 0.05
"""How exactly a timeout ends a run. One watchdog looks at all slots: a timer per run would cost more than the run."""

KILL_MARGIN_SECONDS: Final = 5.0
"""What an executor that kills its own processes after the grace has for that before its worker process is killed."""

_TIMEOUT: Final = Why.TIMEOUT
_RELEASED: Final = Released("the worker stops")
_CANCELLED: Final = Cancelled()


class _Running(Struct, eq=False):
    """A run at work in one of the slots."""

    slot: int
    execution: Execution
    executor: Executor
    task: asyncio.Task[None] | None = None
    begun: bool = False
    kill_at: float = NEVER
    timed_out: bool = False
    told: bool = False

    def interrupt(self, outcome: Cancelled | Released) -> None:
        """End the run by its signal and its task, unless its executor watches the deadline and the signal itself.

        A task that is cancelled before its first step never takes one, and would never leave the slot. So one that has
        not begun is left to find the signal set.
        """
        if not (self.timed_out and self.executor.ends_itself):
            self.execution.cancelled.set(outcome)
        if self.begun and self.task and not self.executor.ends_itself:
            self.task.cancel()


class Runner:
    """Runs claims as slots become free. `on_done` is called with each transition, in the event loop."""

    def __init__(
        self,
        *,
        worker_id: str,
        board: Board,
        executors: Executors,
        make_execution: Callable[[Claim], Execution],
        clock: Clock,
        grace: float,
        on_done: Callable[[Transition], None],
    ) -> None:
        """`grace`: seconds in which a run has to end when it is told to, before its process is killed."""
        self._worker_id = worker_id
        self._board = board
        self._executors = executors
        self._make_execution = make_execution
        self._clock = clock
        self._grace = grace
        self._on_done = on_done
        self._free = list(reversed(range(board.slots)))
        self._busy: dict[str, _Running] = {}
        self._buffer: deque[Claim] = deque()
        self._loop = asyncio.get_running_loop()
        self._started = asyncio.Event()
        self._stopping = False
        self._context = copy_context()

    @property
    def free_slots(self) -> int:
        """Slots for which no run is there; negative where more runs were taken in advance than there are slots."""
        return len(self._free) - len(self._buffer)

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing waits to."""
        return not self._busy and not self._buffer

    @property
    def starved(self) -> bool:
        """Whether a slot is free and nothing is there to run in it."""
        return not self._buffer and bool(self._free)

    @property
    def holds(self) -> set[str]:
        """The ids of the runs that are carried out here, or wait to be."""
        return {*self._busy, *(claim.id for claim in self._buffer)}

    def give_back(self, claims: Iterable[Claim]) -> None:
        """Take claims only to return them, without spending an attempt."""
        for claim in claims:
            self._finish(claim, decode_work(claim.work), _RELEASED, None)

    def accept(self, claims: Iterable[Claim]) -> None:
        """Carry out claims, at once where slots are free."""
        self._buffer.extend(claims)
        if self._stopping:
            self.stop()
        self._fill()

    def cancel(self, run_ids: Iterable[str]) -> None:
        """End runs whose cancel was accepted; those that have ended meanwhile need nothing."""
        wanted = set(run_ids)
        for run_id in wanted.intersection(self._busy):
            self._end(self._busy[run_id], _CANCELLED, Why.CANCEL)
        for claim in [claim for claim in self._buffer if claim.id in wanted]:
            self._buffer.remove(claim)
            self._finish(claim, decode_work(claim.work), _CANCELLED, None)

    def stop(self) -> None:
        """Begin nothing more, and give back what has not begun."""
        self._stopping = True
        self.give_back(self._buffer)
        self._buffer.clear()

    def release_running(self) -> None:
        """End what runs, without spending an attempt."""
        for running in self._busy.values():
            self._end(running, _RELEASED, Why.RELEASE)

    async def watch(self) -> None:
        """End runs at their timeouts, for as long as this is awaited. Sleeps while nothing runs."""
        while True:
            if not self._busy:
                self._started.clear()
                await self._started.wait()
            await asyncio.sleep(TICK_SECONDS)
            now = self._loop.time()
            for running in self._busy.values():
                deadline = running.execution.deadline
                if deadline is not None and deadline <= now and not running.timed_out and not running.told:
                    running.timed_out = True
                    running.interrupt(_CANCELLED)

    def _fill(self) -> None:
        while self._free and self._buffer:
            self._start(self._free.pop(), self._buffer.popleft())

    def _start(self, slot: int, claim: Claim) -> None:
        try:
            execution = self._make_execution(claim)
            executor = self._executors.find(execution.work)
        except Exception as error:  # noqa: BLE001 - what is wrong with one run must not end the worker
            self._free.append(slot)
            self._finish(claim, decode_work(claim.work), failure(error), None)
            return
        running = _Running(slot, execution, executor)
        if timeout_ms := execution.work.timeout_ms:
            execution.deadline = self._loop.time() + timeout_ms / 1000
            running.kill_at = execution.deadline + self._grace_of(executor)
        self._board.put(slot, claim.id, running.kill_at, _TIMEOUT)
        self._busy[claim.id] = running
        self._started.set()
        # A context of its own: by default it would inherit what the run before it in this slot left in its own.
        running.task = self._loop.create_task(self._carry_out(running), context=self._context.copy())

    async def _carry_out(self, running: _Running) -> None:
        execution = running.execution
        running.begun = True
        current_speaker.set(execution)  # in this task's context only
        early = execution.early_outcome
        started_at = None if early else self._clock.wall()
        try:
            outcome = early or await running.executor.run(execution)
            if (reports := execution.unfinished) is not None:  # once the run is settled nobody takes them
                await reports.flush(execution.claim.id)
        except asyncio.CancelledError:
            outcome = Failed(RunError("exception", "the handler cancelled itself", "CancelledError"))
        except BaseException as error:  # noqa: BLE001 - user code may raise anything, sys.exit() too
            outcome = failure(error)
        if running.timed_out or not isinstance(outcome, Succeeded):
            outcome = _told_to_end(running, outcome)
        execution.close()
        del self._busy[execution.claim.id]
        self._board.clear(running.slot)
        self._free.append(running.slot)
        verdicts = () if execution.messages is None else execution.messages.verdicts()
        self._finish(execution.claim, execution.work, outcome, started_at, verdicts)
        self._fill()

    def _end(self, running: _Running, outcome: Cancelled | Released, why: Why) -> None:
        """Tell a run to end, once. One whose time is up has been told, and keeps the moment at which it is killed."""
        if running.told:
            return
        running.told = True
        running.kill_at = min(running.kill_at, self._loop.time() + self._grace_of(running.executor))
        self._board.put(running.slot, running.execution.claim.id, running.kill_at, why)
        if not running.timed_out:
            running.interrupt(outcome)

    def _grace_of(self, executor: Executor) -> float:
        return self._grace + (KILL_MARGIN_SECONDS if executor.ends_itself else 0.0)

    def _finish(
        self,
        claim: Claim,
        work: Work,
        outcome: Outcome,
        started_at: int | None,
        verdicts: tuple[Verdict, ...] = (),
    ) -> None:
        self._on_done(
            settle(
                claim,
                work,
                outcome,
                now=self._clock.wall(),
                chance=chance(),
                worker_id=self._worker_id,
                started_at=started_at,
                verdicts=verdicts,
            )
        )


def _told_to_end(running: _Running, outcome: Outcome) -> Outcome:
    """What becomes of an outcome, other than success in time, when the run may have been told to end."""
    if running.executor.ends_itself:
        return outcome
    if running.timed_out:
        return timed_out(running.execution.work)
    return running.execution.early_outcome or outcome
