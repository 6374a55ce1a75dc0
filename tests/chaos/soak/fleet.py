"""Treadle's processes as operators start them, started again when they end, and what is done to them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from tests.support.postgres import free_port

SCHEDULERS: Final = 2
WORKERS: Final = 2
LEASE_SECONDS: Final = 2.0

_BETWEEN_API_KILLS: Final = 1_000
_STOP_SECONDS: Final = 15.0
_STOPPED_LEASES: Final = 1.5
_READY: Final = {"api": "the API answers", "scheduler": "scheduler started", "worker": "handlers found"}
"""What a service says of itself once it works."""

_BROKEN: Final = "starting another"
_KINDS: Final = {"worker process": 2, "worker": 4, "worker and its processes": 2, "scheduler": 2, "API": 1, "zombie": 1}


class Service:
    """One service, started again and again. What it says is in `said`, anew from each start."""

    def __init__(self, role: str, environment: Mapping[str, str], said: Path) -> None:
        self.role = role
        self._environment = environment
        self._said = said
        self.start()

    def start(self) -> None:
        """Start its process."""
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "treadle.cli.service", self.role],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )

    @property
    def ready(self) -> bool:
        """Whether it works, and not only is about to: a fault is to meet something."""
        said = self._said.read_text(errors="replace")
        return self.process.poll() is None and said.count(_READY[self.role]) > said.count(_BROKEN)

    def tree(self) -> list[psutil.Process]:
        """Its process and all below it, as far as they are there."""
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        return []


class Fleet:
    """One API, several schedulers and workers on one engine."""

    def __init__(self, url: str, folder: Path, chance: random.Random) -> None:
        self.faults: Counter[str] = Counter()
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/api/v1"
        self.token = "the-token-of-the-soak"
        self._chance = chance
        self._api_kept_until = _BETWEEN_API_KILLS
        self._asleep: list[tuple[float, list[psutil.Process]]] = []
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TREADLE_")}
        self._environment = {
            **kept,
            "TREADLE_DATA": str(folder / "data"),
            "TREADLE_DATABASE_URL": url,
            "TREADLE_TASKS": str(Path(__file__).parent / "tasks"),
            "TREADLE_PORT": str(port),
            "TREADLE_ADMIN_TOKEN": self.token,
            "TREADLE_LEASE_SEC": str(LEASE_SECONDS),
            "TREADLE_HEARTBEAT_SEC": "0.4",
            "TREADLE_GRACE_SEC": "2",
            "TREADLE_TEST_LEDGER": str(folder / "ledger"),
        }
        errand = [sys.executable, "-m", "treadle.cli.service", "prepare"]
        subprocess.run(errand, env=self._environment, stderr=subprocess.DEVNULL, check=True)
        roles = ["api", *["scheduler"] * SCHEDULERS, *["worker"] * WORKERS]
        self._services = [
            Service(role, self._environment, folder / f"{role}-{number}.log") for number, role in enumerate(roles)
        ]

    def tend(self) -> None:
        """Start again what has ended, and wake who slept past its lease."""
        now = time.monotonic()
        for service in self._services:
            if service.process.poll() is not None:
                service.start()
        for until, tree in self._asleep:
            if now >= until:
                _signal(tree, signal.SIGCONT)
        self._asleep = [(until, tree) for until, tree in self._asleep if now < until]

    def fault(self, accepted: int) -> bool:
        """Do something to one that works: kill -9, or stop it until its leases are over.

        False where none can be spared: one of each role stays, and the API until clients got on since its last fault,
        so that a slow machine gets on too. `accepted` is how far they are.
        """
        (kind,) = self._chance.choices(list(_KINDS), list(_KINDS.values()))
        role = {"scheduler": "scheduler", "API": "api"}.get(kind, "worker")
        asleep = {process.pid for _, tree in self._asleep for process in tree}
        ready = [each for each in self._services if each.role == role and each.ready and each.process.pid not in asleep]
        if len(ready) < (1 if kind == "API" else 2) or (kind == "API" and accepted < self._api_kept_until):
            return False
        if kind == "API":
            self._api_kept_until = accepted + _BETWEEN_API_KILLS
        service = self._chance.choice(ready)
        tree = service.tree()
        if kind == "zombie":
            _signal(tree, signal.SIGSTOP)
            self._asleep.append((time.monotonic() + _STOPPED_LEASES * LEASE_SECONDS, tree))
        else:
            victims = {"worker process": tree[1:2] or tree, "worker and its processes": tree}.get(kind, tree[:1])
            _signal(victims, signal.SIGKILL)
        self.faults[kind] += 1
        return True

    def stop(self, *roles: str) -> None:
        """End the services of these roles, or all, gently first."""
        going = [each for each in self._services if each.role in roles or not roles]
        self._services = [each for each in self._services if each not in going]
        tree = [process for service in going for process in service.tree()]
        _signal(tree, signal.SIGCONT)
        for service in going:
            service.process.terminate()
        _, left = psutil.wait_procs(tree, timeout=_STOP_SECONDS)
        _signal(left, signal.SIGKILL)
        psutil.wait_procs(left)


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    """The first before those below it, so that it can do nothing about them."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
