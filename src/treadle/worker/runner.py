"""Carries out claimed runs in a fixed number of slots, and turns what they come to into transitions."""

from __future__ import annotations

import asyncio
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from treadle.domain.errors import InvalidInput, NotFound
from treadle.domain.outcomes import Cancelled, Failed, Outcome, Released, RunError, Succeeded
from treadle.domain.runs import Claim
from treadle.domain.states import Transition, settle
from treadle.domain.work import Work, decode_work
from treadle.executors.base import Execution, Executor
from treadle.executors.registry import Executors
from treadle.system import Clock, chance
from treadle.worker.board import Board, Why
from treadle.worker.capture import current_execution

TICK_SECONDS: Final = 0.05
"""How exactly a timeout ends a run. One watchdog looks at all slots: a timer per run would cost more than the run."""

TRACEBACK_FRAMES: Final = 30
"""A traceback keeps its last frames: those are the handler's."""

_RELEASED: Final = Released("the worker stops")


class _Slot:
    """A place where one run at a time is carried out."""

    __slots__ = ("deadline", "execution", "executor", "number", "task", "timed_out")

    def __init__(self, number: int) -> None:
        self.number = number
        self.vacate()

    def vacate(self) -> None:
        """Forget the run."""
        self.execution: Execution | None = None
        self.executor: Executor | None = None
        self.task: asyncio.Task[None] | None = None
        self.deadline: float | None = None
        self.timed_out = False

    def interrupt(self, outcome: Cancelled | Released) -> None:
        """End the run by its signal and its task, unless its executor watches the deadline and the signal itself."""
        if self.task is None or self.execution is None or self.executor is None:
            return
        if not (self.timed_out and self.executor.ends_itself):
            self.execution.cancelled.set(outcome)
        if not self.executor.ends_itself:
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
        self._free = [_Slot(number) for number in reversed(range(board.slots))]
        self._busy: dict[str, _Slot] = {}
        self._buffer: deque[Claim] = deque()
        self._loop = asyncio.get_running_loop()
        self._started = asyncio.Event()

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

    def accept(self, claims: Iterable[Claim]) -> None:
        """Carry out claims, at once where slots are free."""
        self._buffer.extend(claims)
        while self._free and self._buffer:
            self._start(self._free.pop(), self._buffer.popleft())

    def cancel(self, run_ids: Iterable[str]) -> None:
        """End runs whose cancel was accepted; those that have ended meanwhile need nothing."""
        wanted = set(run_ids)
        for slot in [self._busy[run_id] for run_id in wanted.intersection(self._busy)]:
            self._end(slot, Cancelled())
        for claim in [claim for claim in self._buffer if claim.id in wanted]:
            self._buffer.remove(claim)
            self._finish(claim, Cancelled(), None)

    def release_waiting(self) -> None:
        """Give back what has not begun."""
        while self._buffer:
            self._finish(self._buffer.popleft(), _RELEASED, None)

    def release_running(self) -> None:
        """End what runs, without spending an attempt."""
        for slot in list(self._busy.values()):
            self._end(slot, _RELEASED)

    async def watch(self) -> None:
        """End runs at their timeouts, for as long as this is awaited. Sleeps while nothing runs."""
        while True:
            if not self._busy:
                self._started.clear()
                await self._started.wait()
            await asyncio.sleep(TICK_SECONDS)
            now = self._loop.time()
            for slot in list(self._busy.values()):
                if slot.deadline is not None and slot.deadline <= now and not slot.timed_out:
                    slot.timed_out = True
                    slot.interrupt(Cancelled())

    def _start(self, slot: _Slot, claim: Claim) -> None:
        execution = slot.execution = self._make_execution(claim)
        if timeout_ms := execution.work.timeout_ms:
            slot.deadline = execution.deadline = self._loop.time() + timeout_ms / 1000
            self._board.put(slot.number, claim.id, slot.deadline + self._grace, Why.TIMEOUT)
        self._busy[claim.id] = slot
        self._started.set()
        slot.executor = self._executors.find(execution.work)
        slot.task = self._loop.create_task(self._carry_out(slot, slot.executor, execution))

    async def _carry_out(self, slot: _Slot, executor: Executor, execution: Execution) -> None:
        current_execution.set(execution)  # in this task's context only
        started_at = self._clock.wall()
        try:
            outcome = await executor.run(execution)
        except asyncio.CancelledError:
            outcome = Failed(RunError("exception", "the handler cancelled itself", "CancelledError"))
        except Exception as error:  # noqa: BLE001 - the one place where exceptions become outcomes
            outcome = failure(error)
        outcome = _told_to_end(slot, executor, execution, outcome)
        execution.close()
        del self._busy[execution.claim.id]
        self._board.clear(slot.number)
        slot.vacate()
        self._finish(execution.claim, outcome, started_at)
        if self._buffer:
            self._start(slot, self._buffer.popleft())
        else:
            self._free.append(slot)

    def _end(self, slot: _Slot, outcome: Cancelled | Released) -> None:
        if slot.execution is not None and slot.execution.early_outcome is None:
            self._board.put(slot.number, slot.execution.claim.id, self._loop.time() + self._grace, Why.CANCEL)
            slot.interrupt(outcome)

    def _finish(self, claim: Claim, outcome: Outcome, started_at: int | None) -> None:
        self._on_done(
            settle(
                claim,
                decode_work(claim.work),
                outcome,
                now=self._clock.wall(),
                chance=chance(),
                worker_id=self._worker_id,
                started_at=started_at,
            )
        )


def failure(error: Exception) -> Failed:
    """What an exception means: bad inputs and missing parts do not get better by trying again."""
    name = type(error).__qualname__
    text = "".join(traceback.format_exception(error, limit=-TRACEBACK_FRAMES))
    retry = not isinstance(error, InvalidInput | NotFound)
    return Failed(RunError("exception", str(error) or name, name, text), retry=retry)


def timed_out(work: Work) -> Failed:
    """What an attempt that its timeout ended comes to."""
    return Failed(RunError("timeout", f"the attempt was ended by its timeout of {work.timeout_ms / 1000:g} s"))


def _told_to_end(slot: _Slot, executor: Executor, execution: Execution, outcome: Outcome) -> Outcome:
    """What stands of an outcome when the run had been told to end: success, and what its executor made of it itself."""
    if isinstance(outcome, Succeeded) and not slot.timed_out:
        return outcome
    if executor.ends_itself:
        return outcome
    if slot.timed_out:
        return timed_out(execution.work)
    return execution.early_outcome or outcome
