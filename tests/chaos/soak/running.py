"""One soak, from an empty database to the verdict."""

from __future__ import annotations

import asyncio
import math
import random
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

import httpx2

from tests.chaos.soak.clients import Clients
from tests.chaos.soak.fleet import Fleet
from tests.chaos.soak.gathering import all_at_rest, gather
from tests.chaos.soak.orders import Orders
from treadle.engines.open import open_engine
from treadle.system import SystemClock
from treadle.testing.history import Verdict, judge

CLIENTS: Final = 12
REST_SECONDS: Final = 120.0
"""By when all must have ended once the faults are over (I1)."""

_SAID_EVERY: Final = 10.0
_LOOK_SECONDS: Final = 0.05


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
        self._next_fault = math.inf
        self._next_word = 0.0
        self.accepted = 0
        """How many runs clients were told to be accepted."""

    async def run(self) -> Verdict:
        """Traffic under faults until enough runs are accepted, then rest; the verdict on all of it."""
        headers = {"Authorization": f"Bearer {self.fleet.token}"}
        async with httpx2.AsyncClient(base_url=self.fleet.url, headers=headers, trust_env=False, timeout=20) as http:
            clients = Clients(http, self._orders)
            following = asyncio.create_task(clients.follow())
            supply = iter(self._orders)
            self._next_fault = 0.0
            await self._while(clients, following, *(clients.submit(supply, self._runs) for _ in range(CLIENTS)))
            self._next_fault = math.inf
            engine = await open_engine(self._url, SystemClock())
            try:
                async with asyncio.timeout(REST_SECONDS):
                    await self._while(clients, following, clients.switch_off("soak.tick"))
                    await self._while(clients, following, all_at_rest(engine))
                    self.fleet.stop("worker", "scheduler")
                    await self._while(clients, following, clients.heard((await engine.events.bounds())[1]))
                following.cancel()
                history = await gather(engine, clients, self._ledger, self._orders.limits)
            finally:
                await engine.close()
        return judge(history)

    async def _while(self, clients: Clients, following: asyncio.Task[None], *works: Coroutine[Any, Any, None]) -> None:
        """Look after the fleet, and harm it where a fault is due, until all this work is done."""
        work = asyncio.gather(*works)
        while not work.done():
            self.fleet.tend()
            self.accepted, now = clients.accepted, time.monotonic()
            if now >= self._next_fault and self.fleet.fault(clients.accepted):
                self._next_fault = now + self._kill_every
            if now >= self._next_word:
                self._next_word = now + _SAID_EVERY
                print(f"{clients.accepted:,} accepted, {clients.under_way:,} under way", file=sys.stderr, flush=True)
            await asyncio.wait([work], timeout=_LOOK_SECONDS)
            if following.done():
                await following
        await work
