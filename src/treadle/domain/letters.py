"""Dead letters: failed runs of which nobody has said yet what is to become of them. Each is resolved once."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, TypeAlias

from msgspec import Meta, Struct

from treadle.domain.instants import Instant

LETTER_RETRIED_EVENT: Final = "dead_letter.retried"
LETTER_DISCARDED_EVENT: Final = "dead_letter.discarded"

MOST_AT_ONCE: Final = 200

Why: TypeAlias = Annotated[str, Meta(max_length=1_000, description="Why it is not to be tried again.")]
Letters: TypeAlias = Annotated[
    tuple[str, ...], Meta(min_length=1, max_length=MOST_AT_ONCE, description="Dead letters, by their runs' ids.")
]


class How(StrEnum):
    """What became of a dead letter."""

    RETRIED = "retried"
    DISCARDED = "discarded"


class Resolution(Struct, frozen=True, omit_defaults=True):
    """How a failed run was resolved and when: by another run that does it again, or by somebody who let it be."""

    how: How
    at: Instant
    run_id: str | None = None
    by: str = ""
    why: str = ""

    def __str__(self) -> str:
        if self.how is How.RETRIED:
            return f"retried already, by run {self.run_id}"
        return f"discarded already, by {self.by}{f': {self.why}' if self.why else ''}"


def retried(run_id: str, at: Instant) -> Resolution:
    """What a retry by hand makes of the failed run that it does again."""
    return Resolution(How.RETRIED, at, run_id=run_id)


def discarded(by: str, why: str, at: Instant) -> Resolution:
    """What somebody makes of a failed run that is not to be tried again."""
    return Resolution(How.DISCARDED, at, by=by, why=why)


class Discard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be said when a dead letter is discarded."""

    why: Why = ""


class DiscardMany(Discard, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Several dead letters to be discarded."""

    run_ids: Letters


class RetryMany(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Several dead letters to be retried."""

    run_ids: Letters
    inputs: Annotated[dict[str, Any] | None, Meta(description="Go over those of each, key by key.")] = None
