"""The trips to the engine: settle what is done and claim what can be started, in one call, as many at once as suits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from treadle.domain.errors import Unavailable
from treadle.domain.instants import Instant, to_seconds
from treadle.domain.states import Transition
from treadle.engines.contract import Engine, Step, Topic
from treadle.worker.runner import Runner

BATCH: Final = 200
"""Transitions that are worth a trip of their own while runs are still at hand."""

LINGER_SECONDS: Final = 0.02
"""How long a finished run waits for others to share its trip while runs are at hand; and how far ahead runs are taken:
as many as will be started within this time at the present pace, or while a trip is made where that takes longer. Slow
runs are therefore never hoarded."""

MOST_AHEAD_SECONDS: Final = 0.1
"""How far ahead runs are taken where trips take long."""

MOST_AHEAD: Final = BATCH
"""How many runs are taken ahead, beside a batch for each trip that may be under way."""

POLL_SECONDS: Final = 1.0
"""The net under the notices."""

_LATE_SECONDS: Final = 2.0
"""How long after its answer was lost a trip may still claim: the server may have been at work on it."""

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0

_logger = structlog.get_logger(__name__)


class Pump:
    """Keeps a runner supplied and settles what it finishes. Made in the event loop; `runner` is set before `run`."""

    runner: Runner

    def __init__(self, engine: Engine, worker_id: str) -> None:
        self._engine = engine
        self._worker_id = worker_id
        self._done: list[Transition] = []
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._alarms: dict[str, asyncio.TimerHandle] = {}
        self._stopping = False
        self._look = True
        self._pace = 0.0
        self._finished = 0
        self._measured_at = self._loop.time()
        self._ahead = LINGER_SECONDS
        self._solo_waiting = False
        self._turn = asyncio.Lock()
        self._under_way = 0
        self._asked_for = 0
        self._rung = False
        self._unheard = False
        self._unheard_until = 0.0

    def add(self, transition: Transition) -> None:
        """Take a transition to be settled with the next trip."""
        self._done.append(transition)
        if len(self._done) >= BATCH or self.runner.starved:
            self._wake.set()
        elif "linger" not in self._alarms:
            self._wake_in("linger", LINGER_SECONDS)

    def stop(self) -> None:
        """Claim nothing more. `run` ends once the runner is idle and all is settled."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Make trips until stopped. Raises LeaseLost where the engine no longer knows this worker."""
        self._wake.set()
        trips = [asyncio.create_task(self._make_trips(), name="trips") for _ in range(self._engine.trips_at_once)]
        try:
            await asyncio.gather(*trips)
        finally:
            for each in trips:
                each.cancel()

    async def _make_trips(self) -> None:
        """Make trips, one after the other."""
        pause = _FIRST_PAUSE
        while await self._next():
            try:
                await self._trip()
                pause = _FIRST_PAUSE
            except Unavailable as error:
                _logger.warning("engine unavailable, trying again", error=error.message, seconds=pause)
                self._look = True
                self._wake_in("pause", pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def _next(self) -> bool:
        """Wait until a trip is to be made: beside one under way only for a full batch. False once all is done."""
        async with self._turn:
            while not self._over:
                await self._wake.wait()
                self._wake.clear()
                if not self._under_way or (len(self._done) >= BATCH and not self._unheard):
                    return True
                self._rung = True
            self._wake.set()  # the others are through, too
            return False

    @property
    def _over(self) -> bool:
        return self._stopping and self.runner.idle and not self._done and not self._under_way

    async def listen(self) -> None:
        """Wake `run` by the engine's notices, and by the clock as the net under them, until cancelled."""
        notices = self._engine.listen(Topic.RUNS, Topic.CANCELS)
        try:
            while True:
                told = await notices.wait(POLL_SECONDS)
                self._look = self._look or not told or Topic.CANCELS in told
                self._wake.set()
        finally:
            await notices.close()

    async def _trip(self) -> None:
        if self._unheard:
            await self._give_back_unheard()
        want = self._want()
        if not (want or self._done or self._look or self._solo_waiting):
            return
        done, self._done = self._done, []
        self._quiet("linger")
        self._measure(len(done))
        began = self._loop.time()
        try:
            with self._on_the_way(want):
                step = await self._engine.runs.step(self._worker_id, done, want)
        except Unavailable:
            self._done[:0] = done
            if want:
                self._unheard, self._unheard_until = True, self._loop.time() + _LATE_SECONDS
            raise
        self._ahead = min(max(LINGER_SECONDS, self._loop.time() - began), MOST_AHEAD_SECONDS)
        self._look = False
        self._take(step, want)

    @contextmanager
    def _on_the_way(self, want: int = 0) -> Iterator[None]:
        """What is under way, and what it asks for. Whoever rang meanwhile is heard at its end."""
        self._under_way += 1
        self._asked_for += want
        try:
            yield
        finally:
            self._under_way -= 1
            self._asked_for -= want
            if self._rung or self._stopping:
                self._rung = False
                self._wake.set()

    async def _give_back_unheard(self) -> None:
        """Return what a trip has claimed whose answer was lost: the engine has it here, and nobody else would take it.

        No other trip is under way, nor begins meanwhile: its claims would look the same.
        """
        late = self._loop.time() < self._unheard_until
        with self._on_the_way():
            held = await self._engine.runs.held_by([self._worker_id])
        known = self.runner.holds.union(transition.run.id for transition in self._done)
        self.runner.give_back([claim for _, claim, _ in held if claim.id not in known])
        self._unheard = late

    def _take(self, step: Step, want: int) -> None:
        for run_id in step.refused:
            _logger.warning("settle refused: the run's lease was lost", run_id=run_id)
        self.runner.accept(step.claims)
        self.runner.cancel(step.cancels)
        if self._solo_waiting and not step.solo_waiting:
            self._wake.set()  # another worker took it
        self._solo_waiting = step.solo_waiting
        if want:
            if len(step.claims) == want and self._want() > 0:
                self._wake.set()  # there is more where this came from
            elif len(step.claims) < want and step.next_due is not None:
                self._wake_at(step.next_due)

    def _want(self) -> int:
        """How many runs to ask for. A suspect that waits is given an empty worker."""
        if self._stopping:
            return 0
        if self._solo_waiting:
            return 1 if self.runner.idle and not self._asked_for else 0
        ahead = min(int(self._pace * self._ahead), MOST_AHEAD + BATCH * self._engine.trips_at_once)
        return max(0, self.runner.free_slots + ahead - self._asked_for)

    def _measure(self, finished: int) -> None:
        """Runs per second, over no less than the time for which runs are taken ahead: a run that ends right after a
        trip would pass for thousands a second, and slow runs be hoarded."""
        now = self._loop.time()
        self._finished += finished
        if now - self._measured_at >= LINGER_SECONDS:
            self._pace = self._finished / (now - self._measured_at)
            self._finished, self._measured_at = 0, now

    def _wake_at(self, due: Instant) -> None:
        self._wake_in("due", max(0.0, to_seconds(due - self._engine.now())))

    def _wake_in(self, why: str, seconds: float) -> None:
        self._quiet(why)
        self._alarms[why] = self._loop.call_later(seconds, self._ring, why)

    def _ring(self, why: str) -> None:
        self._alarms.pop(why, None)
        self._wake.set()

    def _quiet(self, why: str) -> None:
        if (alarm := self._alarms.pop(why, None)) is not None:
            alarm.cancel()
