"""When a failed attempt is tried again, and when a run that keeps killing its worker is set aside."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from msgspec import Meta, Struct

from treadle.domain.instants import Micros, from_seconds

QUARANTINE_AT: Final = 3
"""Solitary losses after which a run is failed instead of tried again: it is what kills its worker."""

Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=30 * 86_400)]
"""A delay between attempts; a month at most."""


class ListedBackoff(Struct, frozen=True, tag="list"):
    """A delay per retry, in seconds. A list that is too short repeats its last entry; an empty one means no delay."""

    delays: tuple[Seconds, ...] = (1.0, 2.0, 5.0)


class ExponentialBackoff(Struct, frozen=True, tag="exponential", forbid_unknown_fields=True):
    """Full jitter: a random delay between nothing and `base * factor^(retry-1)` seconds, never over `cap`.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """

    base: Seconds = 1.0
    factor: Annotated[float, Meta(ge=1, le=100)] = 2.0
    cap: Seconds = 3600.0


Backoff: TypeAlias = ListedBackoff | ExponentialBackoff


class RetryPolicy(Struct, frozen=True, omit_defaults=True):
    """`max_retries` n means at most n + 1 attempts. Losses of the worker are counted apart.

    `custom` says that the handler's own rule is asked after each failure; `backoff` then is for where it says nothing.
    """

    max_retries: Annotated[int, Meta(ge=0, le=1000)] = 3
    backoff: Backoff = ListedBackoff()
    custom: bool = False


def retry_delay(backoff: Backoff, retry: int, chance: float) -> Micros:
    """How long to wait before the `retry`-th retry (from 1). `chance` is a random number in [0, 1)."""
    if isinstance(backoff, ListedBackoff):
        if not backoff.delays:
            return 0
        return from_seconds(backoff.delays[min(retry, len(backoff.delays)) - 1])
    # The exponent is bounded so that the thousandth retry is the cap and not an overflow.
    ceiling = min(backoff.cap, backoff.base * backoff.factor ** min(retry - 1, 64))
    return from_seconds(chance * ceiling)
