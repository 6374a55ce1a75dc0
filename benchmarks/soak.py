"""`python -m benchmarks.soak`: claims by the million over lanes whose limits change, checked by a ledger of its own.

The ledger hears what workers are told and nothing else: which runs they got, which of their settles stand, and which
limits were set. It knows nothing of the engine's tables. Exits 1 where any claim brought a lane above its limit.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import uvloop
from msgspec.structs import replace

from benchmarks.engines import ENGINES, NOOP, new_runs, opened
from benchmarks.measure import say
from treadle.domain.admission import AT_THE_GATE
from treadle.domain.instants import DAY
from treadle.domain.limits import Lane, Limits
from treadle.domain.outcomes import Failed, Lost, Outcome, Released, RunError, Succeeded
from treadle.domain.runs import DEFAULT_DOMAIN, Claim, NewRun
from treadle.domain.states import settle
from treadle.domain.work import decode_work
from treadle.domain.workers import WorkerSpec
from treadle.engines.contract import Engine

LANES: Final = 1_000
FLOWS: Final = 20
WORKERS: Final = 8
BATCH: Final = 300
BACKLOG: Final = 10_000
FLOW_LIMIT: Final = 40
OUTCOMES: Final[Sequence[Outcome]] = (
    *[Succeeded(b"1")] * 40,
    Failed(RunError("exception", "boom"), delay=0),
    Released(),
    Lost(solitary=False, contained=True),
)
_PRUNED_EVERY: Final = 200
_SAID_EVERY: Final = 50_000


class Ledger:
    """Who holds what, by what was answered; `violations` counts claims that brought a lane above its limit."""

    def __init__(self) -> None:
        self.limits: dict[str, int] = {}
        self.lanes_of: dict[str, tuple[str, ...]] = {}
        self.holders: dict[str, set[str]] = defaultdict(set)
        self.claims = self.violations = 0

    def claimed(self, run_id: str) -> None:
        """A worker was given a run."""
        self.claims += 1
        for lane in self.lanes_of[run_id]:
            holders = self.holders[lane]
            self.violations += run_id in holders or len(holders) >= self.limits[lane]
            holders.add(run_id)

    def settled(self, run_id: str) -> None:
        """A worker has let go of a run."""
        for lane in self.lanes_of[run_id]:
            self.holders[lane].remove(run_id)


class Soak:
    """Several workers on several engines over one state, in turns, so that every answer has its place in time."""

    def __init__(self, engines: Sequence[Engine], seed: int) -> None:
        self.ledger = Ledger()
        self._engines = engines
        self._chance = random.Random(seed)
        self._held: dict[str, list[Claim]] = {f"wrk_{n}": [] for n in range(WORKERS)}
        self._waiting = 0

    async def run(self, claims: int) -> None:
        """Until so many claims were made."""
        for n, worker_id in enumerate(self._held):
            spec = WorkerSpec(
                id=worker_id, host="", pid=n, slots=BATCH, requires=frozenset({f"handler:{NOOP}"}), version=""
            )
            await self._engines[0].workers.register(spec, DAY)
        turn = 0
        while self.ledger.claims < claims:
            turn += 1
            before = self.ledger.claims
            await self._turn(turn)
            if before // _SAID_EVERY != self.ledger.claims // _SAID_EVERY:
                say(f"  {self.ledger.claims:,} claims, {self.ledger.violations} violations")

    async def _turn(self, turn: int) -> None:
        engine = self._engines[turn % len(self._engines)]
        if self._waiting < BACKLOG:
            await self._submit(engine)
        if turn % 3 == 0:
            await self._limit(engine)
        await self._step(engine, self._chance.choice(list(self._held)))
        if turn % _PRUNED_EVERY == 0:
            await engine.runs.prune(engine.now(), 1_000_000)
            await engine.events.prune(engine.now(), 1_000_000)

    async def _submit(self, engine: Engine) -> None:
        runs = [self._limited(run) for run in new_runs(1_000)]
        await engine.runs.enqueue(runs)
        self._waiting += len(runs)

    def _limited(self, run: NewRun) -> NewRun:
        lanes = [Lane(f"key:{self._chance.randrange(LANES)}", 1)]
        if self._chance.random() < 0.2:
            lanes.insert(0, Lane(f"flow:{self._chance.randrange(FLOWS)}", FLOW_LIMIT))
        for lane in lanes:
            self.ledger.limits.setdefault(lane.key, lane.limit)
        self.ledger.lanes_of[run.id] = tuple(lane.key for lane in lanes)
        rank = run.rank - self._chance.choice([0, 0, 0, 600_000_000])
        return replace(
            run, limits=Limits(lanes=tuple(lanes)), state=AT_THE_GATE.state, reason=AT_THE_GATE.reason, rank=rank
        )

    async def _limit(self, engine: Engine) -> None:
        lane = self._chance.choice(list(self.ledger.limits)) if self.ledger.limits else "key:0"
        limit = self._chance.choice([0, 1, 2, 3]) if lane.startswith("key:") else self._chance.choice([5, 20, 60])
        limit = limit or (1 if self._chance.random() < 0.9 else 0)
        await engine.lanes.set_limit(DEFAULT_DOMAIN, lane, limit)
        self.ledger.limits[lane] = limit

    async def _step(self, engine: Engine, worker_id: str) -> None:
        held = self._held[worker_id]
        self._chance.shuffle(held)
        done = [held.pop() for _ in range(self._chance.randint(len(held) // 2, len(held)))]
        told = [
            settle(
                claim,
                decode_work(claim.work),
                self._chance.choice(OUTCOMES),
                now=engine.now(),
                chance=0.5,
                worker_id=worker_id,
            )
            for claim in done
        ]
        step = await engine.runs.step(worker_id, told, max(BATCH - len(held), 0))
        assert not step.refused
        for claim in done:
            self.ledger.settled(claim.id)
        self._waiting -= sum(transition.event == "run.completed" for transition in told)
        for claim in step.claims:
            self.ledger.claimed(claim.id)
        held.extend(step.claims)


async def soak(engine: str, folder: Path, claims: int, seed: int) -> Ledger:
    """A soak on a fresh state in `folder`."""
    async with AsyncExitStack() as stack:
        engines = [await stack.enter_async_context(opened(engine, folder)) for _ in range(2)]
        run = Soak(engines, seed)
        await run.run(claims)
        return run.ledger


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dir", type=Path, default=Path())
    arguments = parser.parse_args()
    began = time.monotonic()
    with TemporaryDirectory(prefix=".soak-", dir=arguments.dir) as folder:
        ledger = uvloop.run(soak(arguments.engine, Path(folder), arguments.claims, arguments.seed))
    print(
        f"{ledger.claims:,} claims over {len(ledger.limits):,} lanes by {WORKERS} workers: "
        f"{ledger.violations} above a limit, in {time.monotonic() - began:,.0f} s"
    )
    sys.exit(1 if ledger.violations else 0)


if __name__ == "__main__":
    main()
