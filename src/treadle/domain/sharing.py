"""Sharing: whose run goes next where a worker serves several domains.

The domain with the least running per weight goes first. Where that leaves it open (a single slot is always given out
while nothing runs), they take turns: each turn that a domain takes moves its next one on by `TURN` over its weight. Who
was away has no more than one turn saved up, so nobody is shut out by a domain that comes back, or floods.
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heapify, heappop, heapreplace
from typing import Final

from msgspec import Struct

DEFAULT_WEIGHT: Final = 1
MOST_WEIGHT: Final = 1_000
WEIGHT_EVENT: Final = "domain.weight_changed"
TURN: Final = MOST_WEIGHT * MOST_WEIGHT


class Share(Struct, frozen=True):
    """What a domain is due. `running` counts its runs at work, `turn` is when its next turn is, on a scale of turns."""

    weight: int = DEFAULT_WEIGHT
    running: int = 0
    turn: int = 0


class Given(Struct, frozen=True):
    """What a domain was given: how many slots, and when its next turn is."""

    count: int
    turn: int


def share_out(shares: Mapping[str, Share], waiting: Mapping[str, int], slots: int, latest: int) -> dict[str, Given]:
    """Who gets how many of the free slots; domains that get none are left out.

    `waiting` is how many runs each domain could use a slot for; `latest` the furthest turn of any domain.
    """
    line = [
        (share.running / share.weight, max(share.turn, latest - TURN), name)
        for name, share in shares.items()
        if waiting.get(name, 0) > 0
    ]
    heapify(line)
    given: dict[str, Given] = {}
    for _ in range(slots):
        if not line:
            break
        _, turn, name = line[0]
        share = shares[name]
        count = given[name].count + 1 if name in given else 1
        given[name] = Given(count, turn + TURN // share.weight)
        if count == waiting[name]:
            heappop(line)
        else:
            heapreplace(line, ((share.running + count) / share.weight, given[name].turn, name))
    return given


class Domain(Struct, frozen=True, kw_only=True):
    """A domain as readers see it; `running` counts its runs at work, `waiting` says whether any is ready."""

    name: str
    weight: int = DEFAULT_WEIGHT
    running: int = 0
    waiting: bool = False

    @property
    def load(self) -> float:
        """What it runs for its weight."""
        return self.running / self.weight
