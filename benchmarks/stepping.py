"""The trips of a worker to the engine, without a runner."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from benchmarks.engines import NOOP
from benchmarks.measure import Stopwatch
from treadle.domain.instants import MINUTE
from treadle.domain.outcomes import Succeeded
from treadle.domain.runs import Claim
from treadle.domain.states import Transition, settle
from treadle.domain.work import decode_work
from treadle.domain.workers import WorkerSpec
from treadle.engines.contract import Engine
from treadle.system import IdSource, SystemClock
from treadle.worker.pump import BATCH


class Cost(Struct):
    """Microseconds of wall and of processor time."""

    wall: float = 0.0
    cpu: float = 0.0


async def step_through(
    engine: Engine, runs: int, between: Callable[[Sequence[Claim]], Awaitable[None]] | None = None
) -> Cost:
    """What it costs to claim and settle so many waiting runs, each trip settling what the one before has claimed.

    Making the transitions is not part of it, nor is what is done `between` the trips.
    """
    clock = SystemClock()
    worker_id = IdSource(clock)("wrk")
    requires = frozenset({f"handler:{NOOP}"})
    spec = WorkerSpec(id=worker_id, host="", pid=0, slots=BATCH, requires=requires, version="")
    await engine.workers.register(spec, 5 * MINUTE)
    cost = Cost()
    done: list[Transition] = []
    claimed = settled = 0
    while settled < runs:
        with Stopwatch() as watch:
            step = await engine.runs.step(worker_id, done, min(BATCH, runs - claimed))
        assert not step.refused
        cost.wall, cost.cpu = cost.wall + watch.wall, cost.cpu + watch.cpu
        claimed, settled = claimed + len(step.claims), settled + len(done)
        done = [_succeed(claim, worker_id, clock) for claim in step.claims]
        if between is not None:
            await between(step.claims)
    await engine.workers.stop([worker_id])
    return cost


def _succeed(claim: Claim, worker_id: str, clock: SystemClock) -> Transition:
    outcome, now = Succeeded(b"1"), clock.wall()
    return settle(
        claim, decode_work(claim.work), outcome, now=now, chance=0.5, worker_id=worker_id, started_at=claim.claimed_at
    )
