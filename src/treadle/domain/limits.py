"""Limits that a run carries: what it must hold, beside a worker's slot, while it runs. Frozen when it is submitted.

A limit is a gate. A lane lets so many runs be active at once, a rate lets so many start within a window; a run passes
all its gates at one moment or waits at them, holding none.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from treadle.domain.clashes import Unique
from treadle.domain.instants import Instant
from treadle.domain.rates import Rate, capacity, consume, next_time
from treadle.domain.revisions import revision
from treadle.domain.templates import MAX_RENDERED

MOST_ACTIVE: Final = 1_000_000
"""The largest limit of a lane."""


OF_SCHEDULE: Final = "schedule:"
"""What the name of the lane begins with that keeps the runs of a schedule one behind the other."""

LANE_KINDS: Final = ("job", "flow", "key", "schedule")
"""What the names of lanes begin with."""

RENDERED: Final = "key:"
"""What the names begin with that are made from the inputs of each run."""


class Lane(Struct, frozen=True):
    """A limit on how many runs of a domain may be active at once, under a name that other runs share.

    Names tell where a lane comes from: `job:<job id>`, `flow:<group>`, `key:<value>`. `limit` is what the run's job
    declares; one set by hand goes before it.
    """

    key: str
    limit: int


class RateLimit(Struct, frozen=True):
    """A rate of a domain under a name that other runs share: `job:<job id>`, `key:<value>`."""

    key: str
    rate: Rate


class Limits(Struct, frozen=True, omit_defaults=True):
    """What a run must have before it is ready: a slot in each of its lanes and a token of each rate, all or none.

    `unique` is the key that it has among the runs of its job.
    """

    lanes: tuple[Lane, ...] = ()
    rates: tuple[RateLimit, ...] = ()
    unique: Unique | None = None

    @property
    def gated(self) -> bool:
        """Whether there is anything to pass."""
        return bool(self.lanes or self.rates)


class LaneSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set of a lane by hand. A limit of 0 lets nothing more start."""

    limit: Annotated[int, Meta(ge=0, le=MOST_ACTIVE)]


class LaneUse(Struct, frozen=True, kw_only=True):
    """A lane as readers see it.

    `declared` is the limit of the jobs, `by_hand` the one that somebody set: at least one of them is there. `held`
    counts its holders, of which `holders` names the first; `waiting` counts the runs that wait for it, up to a bound.
    """

    domain: str
    key: str
    declared: int | None
    by_hand: int | None
    held: int
    holders: tuple[str, ...]
    waiting: int

    @property
    def limit(self) -> int:
        """The limit in force."""
        return limit_in_force(self.declared, self.by_hand)

    @property
    def revision(self) -> str:
        """What changes with what can be set of it."""
        return revision(self.by_hand)


class RateUse(Struct, frozen=True, kw_only=True):
    """A rate as readers see it. `reserved` counts the ready runs that have a token, `waiting` those without, up to a
    bound.
    """

    domain: str
    key: str
    rate: Rate
    used_until: Instant | None
    reserved: int
    waiting: int

    def next_token(self, now: Instant) -> Instant:
        """When the next run may have a token."""
        return next_token(self.rate, self.used_until, self.reserved, now)


def is_rendered(key: str) -> bool:
    """Whether a gate's name was made from the inputs of a run, so that only runs declare its limit."""
    return key.startswith(RENDERED)


def is_lane_key(key: str) -> bool:
    """Whether `key` can be the name of a lane."""
    kind, _, name = key.partition(":")
    return kind in LANE_KINDS and 0 < len(name) <= MAX_RENDERED


def limit_in_force(declared: int | None, by_hand: int | None) -> int:
    """The limit of a lane: one set by hand goes before what jobs declare."""
    return by_hand if by_hand is not None else declared or 0


def free_tokens(rate: Rate, used_until: Instant | None, reserved: int, now: Instant) -> int:
    """How many more runs may have a token now; those that have one and did not start yet are `reserved`."""
    return capacity(rate, used_until, now) - reserved


def next_token(rate: Rate, used_until: Instant | None, reserved: int, now: Instant) -> Instant:
    """When one more run than those with a token may have one."""
    return next_time(rate, consume(rate, used_until, now, reserved), now)
