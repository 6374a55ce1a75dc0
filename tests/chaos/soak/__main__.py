"""`scripts/soak`: see the package."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import signal
import sys
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

import httpx2
import uvloop

from tests.chaos.soak.clients import Clients
from tests.chaos.soak.fleet import Fleet
from tests.chaos.soak.gathering import all_at_rest, gather
from tests.chaos.soak.orders import Orders
from tests.support.postgres import server
from treadle.engines.open import open_engine
from treadle.system import SystemClock
from treadle.testing.history import Verdict, judge

ENGINES: Final = ("sqlite", "postgres")
CLIENTS: Final = 12
REST_SECONDS: Final = 120.0
"""By when all must have ended once the faults are over (I1)."""

_SAID_EVERY: Final = 10.0
_LOOK_SECONDS: Final = 0.05
_SHOWN: Final = 20


@contextmanager
def database(engine: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database with its durable defaults; PostgreSQL's is in a server of its own."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'treadle.db'}"
        return
    with server(durable=True) as one:
        yield one.url


class Soak:
    """One soak on an empty database, and what it came to."""

    def __init__(self, url: str, folder: Path, *, runs: int, kill_every: float, seed: int) -> None:
        chance = random.Random(seed)
        self.fleet = Fleet(url, folder, chance)
        self._orders = Orders(chance)
        self._url = url
        self._ledger = folder / "ledger"
        self._runs = runs
        self._kill_every = kill_every
        self._next_fault = self._next_word = 0.0

    async def run(self) -> Verdict:
        """Traffic under faults until enough runs are accepted, then rest; the verdict on all of it."""
        headers = {"Authorization": f"Bearer {self.fleet.token}"}
        async with httpx2.AsyncClient(base_url=self.fleet.url, headers=headers, trust_env=False, timeout=20) as http:
            clients = Clients(http, self._orders)
            following = asyncio.create_task(clients.follow())
            supply = iter(self._orders)
            await self._while(clients, [clients.submit(supply, self._runs) for _ in range(CLIENTS)], faults=True)
            engine = await open_engine(self._url, SystemClock())
            try:
                await http.post("/jobs/soak.tick/disable")
                async with asyncio.timeout(REST_SECONDS):
                    await self._while(clients, [all_at_rest(engine)], faults=False)
                    self.fleet.stop("worker", "scheduler")
                    await clients.heard((await engine.events.bounds())[1])
                following.cancel()
                history = await gather(engine, clients, self._ledger, self._orders.limits)
            finally:
                await engine.close()
        return judge(history)

    async def _while(self, clients: Clients, works: list[Coroutine[Any, Any, None]], *, faults: bool) -> None:
        """Look after the fleet, and where `faults` is true harm it, until all this work is done."""
        work = asyncio.gather(*works)
        while not work.done():
            self.fleet.tend()
            now = time.monotonic()
            if faults and now >= self._next_fault and self.fleet.fault(clients.accepted):
                self._next_fault = now + self._kill_every
            if now >= self._next_word:
                self._next_word = now + _SAID_EVERY
                print(f"{clients.accepted:,} accepted, {clients.under_way:,} under way", file=sys.stderr, flush=True)
            await asyncio.wait([work], timeout=_LOOK_SECONDS)
        await work


def report(soak: Soak, verdict: Verdict) -> dict[str, Any]:
    """The figures, for people and programs."""
    named = {"I1": "lost", "I2": "settled_twice", "I3": "stale_accepted"}
    return {
        "runs": verdict.runs,
        "kills": soak.fleet.faults.total() - soak.fleet.faults["zombie"],
        **{name: verdict.count(rule) for rule, name in named.items()},
        "reexecuted": verdict.reexecuted,
        "other_violations": sum(violation.rule not in named for violation in verdict.violations),
        "violations": [f"{each.rule} {each.subject}: {each.what}" for each in verdict.violations[:_SHOWN]],
        "faults": dict(soak.fleet.faults),
    }


def main() -> None:
    """Run what the command line names. Exits 1 where anything was not kept; what it left is kept then, to look at."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    parser.add_argument("--runs", type=int, default=20_000, help="how many runs clients submit")
    parser.add_argument("--kill-every", type=float, default=1.0, metavar="SECONDS")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one object")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends this ends the services too
    began = time.monotonic()
    folder = Path(mkdtemp(prefix="treadle-soak-"))
    with database(arguments.engine, folder) as url:
        soak = Soak(url, folder, runs=arguments.runs, kill_every=arguments.kill_every, seed=arguments.seed)
        try:
            verdict = uvloop.run(soak.run())
        finally:
            soak.fleet.stop()
    said = {"engine": arguments.engine, **report(soak, verdict), "seconds": round(time.monotonic() - began, 1)}
    if arguments.json:
        print(json.dumps(said))
    else:
        print("\n".join(f"{name}: {value}" for name, value in said.items()))
    if verdict.violations:
        print(f"what services said, the ledger and a SQLite file are kept in {folder}", file=sys.stderr)
        sys.exit(1)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
