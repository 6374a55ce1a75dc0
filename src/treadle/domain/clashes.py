"""Submits that are one and the same: unique runs, and runs that wait until submits have calmed down."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct, structs

from treadle.domain.errors import Problem
from treadle.domain.instants import Instant, from_seconds
from treadle.domain.json import EMPTY_OBJECT, Json, encode
from treadle.domain.outcomes import RunError
from treadle.domain.templates import render, template_problems

UNIQUE_SCOPE: Final = "unique"
DEBOUNCE_SCOPE: Final = "debounce"
NO_WINDOW: Final[Instant] = 0
"""In the place of a key's expiry: it stands for as long as its run says."""

_canonical: Final = msgspec.json.Encoder(order="deterministic")

_Seconds = Annotated[float, Meta(gt=0, le=366 * 86_400)]
_Key = Annotated[str, Meta(min_length=1, max_length=500)]


class OnClash(StrEnum):
    """What becomes of a submit while a run with its key stands: that run is its answer, or gives way, or both run."""

    SKIP = "skip"
    REPLACE = "replace"
    KEEP = "keep"


class Unique(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One run per key at a time, among the runs of one job.

    `key` is a template over the inputs in a job, and its text in a run; without one, equal inputs are the key. It
    stands `until` its run has started, or has finished, or so many seconds have passed since that was submitted.
    """

    key: _Key | None = None
    until: Literal["started", "finished"] | _Seconds = "finished"
    on_clash: OnClash = OnClash.SKIP

    def expires_at(self, now: Instant) -> Instant:
        """When the key of a run that is submitted now stands no more, or `NO_WINDOW`."""
        return NO_WINDOW if isinstance(self.until, str) else now + from_seconds(self.until)


class Debounce(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Submits that come in quick succession make one run: each takes the place of the one that waits, which waits anew.

    A run waits `wait_sec` after the last submit, and at most `max_wait_sec` after the first. `key` is as in `Unique`,
    but without one all runs of the job are one and the same.
    """

    wait_sec: _Seconds
    max_wait_sec: _Seconds | None = None
    key: _Key | None = None

    def due_at(self, first: Instant, now: Instant) -> Instant:
        """When a run becomes due whose first submit was at `first` and whose last one is now."""
        due_at = now + from_seconds(self.wait_sec)
        return due_at if self.max_wait_sec is None else max(now, min(due_at, first + from_seconds(self.max_wait_sec)))


class Holder(Struct, frozen=True):
    """Who has a key: the run, when the key expires, and while the run is live, its rule and whether it has started."""

    run_id: str
    expires_at: Instant
    unique: Unique | None
    started: bool

    @property
    def can_give_way(self) -> bool:
        """Whether another run may take its place."""
        return self.unique is not None and not self.started

    def stands(self, now: Instant) -> bool:
        """Whether the key is still its own."""
        if self.expires_at != NO_WINDOW:
            return self.expires_at > now
        return self.unique is not None and not (self.started and self.unique.until == "started")


def find_clash(unique: Unique, holder: Holder | None, *, retry_of: str | None, now: Instant) -> OnClash | None:
    """What a submit comes to: None where nothing stands in its way. A retry does not clash with what it retries."""
    if holder is None or holder.run_id == retry_of or not holder.stands(now):
        return None
    if unique.on_clash is OnClash.REPLACE and not holder.can_give_way:
        return OnClash.SKIP
    return unique.on_clash


def replaced_by(run_id: str) -> RunError:
    """Why a run was cancelled whose place another one took."""
    return RunError("replaced", f"run {run_id} took its place")


def queued_data(clash: OnClash | None, holder: Holder | None) -> Json:
    """What the event of a new run tells of the one that it has clashed with."""
    if clash is None or holder is None:
        return EMPTY_OBJECT
    return encode({"replaces" if clash is OnClash.REPLACE else "beside": holder.run_id})


def rule_problems(rule: Unique | Debounce | None, at: str) -> list[Problem]:
    """What is wrong with a rule, whatever the inputs are."""
    problems = [] if rule is None or rule.key is None else template_problems(rule.key, f"{at}/key")
    if isinstance(rule, Debounce) and rule.max_wait_sec is not None and rule.max_wait_sec < rule.wait_sec:
        message = f"is less than wait_sec ({rule.wait_sec:g}): no submit could make the run wait for so long"
        problems.append(Problem(f"{at}/max_wait_sec", message))
    return problems


def unique_of(rule: Unique, job_id: str, inputs: Mapping[str, Any]) -> Unique:
    """The rule with the key of a run with these inputs. Raises InvalidInput where they cannot fill its template."""
    if rule.key is not None:
        return structs.replace(rule, key=f"{job_id}/{render(rule.key, inputs)}")
    return structs.replace(rule, key=f"{job_id}#{hashlib.sha256(_canonical.encode(inputs)).hexdigest()}")


def debounce_of(rule: Debounce, job_id: str, inputs: Mapping[str, Any]) -> Debounce:
    """The same for submits that are debounced."""
    return structs.replace(rule, key=f"{job_id}/" + ("" if rule.key is None else render(rule.key, inputs)))
