"""Limits that a run carries: what it must hold, beside a worker's slot, while it runs. Frozen when it is submitted."""

from __future__ import annotations

from msgspec import Struct


class Lane(Struct, frozen=True):
    """A limit on how many runs of a domain may be active at once, under a name that other runs share.

    Names tell where a lane comes from: `job:<job id>`, `flow:<group>`, `key:<value>`. `limit` is what the run's job
    declares; one set by hand goes before it.
    """

    key: str
    limit: int


class Limits(Struct, frozen=True, omit_defaults=True):
    """What a run must have before it is ready: a slot in each of its lanes, all or none."""

    lanes: tuple[Lane, ...] = ()
