"""What the soak's clients ask for: a mixture of all that may go wrong in its own way."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from treadle.domain.instants import SECOND, Instant, to_iso
from treadle.system import SystemClock
from treadle.testing.history import Answer, Submitted

MEMBERS: Final = 10
"""Runs of a group, besides the one that joins them."""

LANES: Final = 5

FLAKY_RETRIES: Final = 3
"""As the handler declares them."""

_DELAY: Final = SECOND // 2
_CANCELLED: Final = 0.04
_KINDS: Final = {"plain": 40, "thread": 10, "flaky": 15, "narrow": 15, "delayed": 10, "child": 10, "group": 12}


class Order(Struct, kw_only=True):
    """A call to be made, and the runs that it makes. `cancel_after` seconds a cancel of the last one follows.

    `asks` are what to record of those runs, as long as nobody has answered; the last is the one that joins a group.
    """

    path: str
    body: dict[str, Any]
    asks: list[Submitted]
    cancel_after: float | None = None

    @property
    def key(self) -> str:
        """The idempotency key."""
        return self.asks[-1].key


class Orders:
    """Orders without end. `parents` are ids of accepted runs that later ones may depend on; its user appends to it."""

    def __init__(self, chance: random.Random) -> None:
        self.parents: list[str] = []
        self.limits = {f"lane {number}": 1 for number in range(LANES)}
        self._chance = chance
        self._clock = SystemClock()
        self._count = 0

    def __iter__(self) -> Iterator[Order]:
        while True:
            (kind,) = self._chance.choices(list(_KINDS), list(_KINDS.values()))
            key = self._key()
            order: Order = getattr(self, f"_{kind}")(key)
            if self._chance.random() < _CANCELLED:
                order.cancel_after = self._chance.uniform(0, 0.1)
            yield order

    def _key(self) -> str:
        self._count += 1
        return f"order {self._count}"

    def _plain(self, key: str) -> Order:
        return _single("plain", key)

    def _thread(self, key: str) -> Order:
        return _single("thread", key)

    def _flaky(self, key: str) -> Order:
        return _single("flaky", key, max_attempts=FLAKY_RETRIES + 1)

    def _narrow(self, key: str) -> Order:
        lane = self._chance.choice(list(self.limits))
        order = _single("narrow", key, lanes=(lane,))
        order.body["inputs"]["lane"] = lane
        return order

    def _delayed(self, key: str) -> Order:
        due_at: Instant = self._clock.wall() + _DELAY
        order = _single("plain", key, due_at=due_at)
        order.body["at"] = to_iso(due_at)
        return order

    def _child(self, key: str) -> Order:
        if not self.parents:
            return self._plain(key)
        parents = tuple({self._chance.choice(self.parents[-100:]) for _ in range(2)})
        order = _single("plain", key, parents=parents)
        order.body["depends_on"] = list(parents)
        return order

    def _group(self, key: str) -> Order:
        members = [_ask(f"{key}, member {number}") for number in range(MEMBERS)]
        body = {
            "job_id": "soak.plain",
            "inputs": [{"key": member.key} for member in members],
            "then": "soak.plain",
            "then_inputs": {"key": key},
        }
        return Order(path="/runs/groups", body=body, asks=[*members, _ask(key)])


def _single(handler: str, key: str, **asked: Any) -> Order:
    return Order(path=f"/jobs/soak.{handler}/run", body={"inputs": {"key": key}}, asks=[_ask(key, **asked)])


def _ask(key: str, **asked: Any) -> Submitted:
    return Submitted(key=key, answer=Answer.UNKNOWN, **asked)
