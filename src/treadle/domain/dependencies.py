"""Dependencies: the runs that a run waits for, and what becomes of it when they end."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Join(StrEnum):
    """When a run's parents let it go on: all of them completed, one of them did, or all ended, however they did."""

    ALL = "all"
    ANY = "any"
    ALWAYS = "always"


class OnParentFailure(StrEnum):
    """What becomes of a run whose parents can no longer meet its join: it is cancelled, runs all the same, or waits.

    One that waits goes on when the failed parent is retried by hand and then completes.
    """

    CANCEL = "cancel"
    RUN = "run"
    WAIT = "wait"


class Depends(Struct, frozen=True, omit_defaults=True):
    """The parents of a run by id, and their conditions."""

    parents: tuple[str, ...]
    join: Join = Join.ALL
    on_failure: OnParentFailure = OnParentFailure.CANCEL
