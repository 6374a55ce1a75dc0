"""Dependencies: the runs that a run waits for, and what becomes of it when they end.

A parent that said itself that there was nothing to do (`skipped`) counts as completed: it ran to its end, and a join of
many must not fall for one of them. One that was skipped because a condition on its own parents did not hold never ran,
and what waits for it is skipped as well: else a closed branch would come to life again below.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

from msgspec import Meta, Struct

from treadle.domain.conditions import Condition, condition_problems, holds
from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.instants import DAY
from treadle.domain.json import Json
from treadle.domain.outcomes import RunError

MAX_PARENTS: Final = 10_000
"""How many parents a run may name."""

MAX_FROM_JOBS: Final = 1_000
"""How many unfinished runs of its job's `dependencies` a run waits for: the newest."""

TOMBSTONE_KEPT: Final = 7 * DAY
"""How long after its end the state of a run is known at least, however short runs are kept."""

PARENT_FAILED: Final = "parent_failed"
CONDITION_UNMET: Final = "condition_unmet"


class Join(StrEnum):
    """When a run's parents let it go on: all of them completed, one of them did, or all ended, however they did."""

    ALL = "all"
    ANY = "any"
    ALWAYS = "always"


class OnParentFailure(StrEnum):
    """What becomes of a run whose parents can no longer meet its join: it is cancelled, runs all the same, or waits.

    One that runs all the same does so once the others have ended too. One that waits goes on when the failed parent is
    retried by hand and then completes.
    """

    CANCEL = "cancel"
    RUN = "run"
    WAIT = "wait"


class Depends(Struct, frozen=True, omit_defaults=True):
    """The parents of a run by id, and their conditions.

    A retry by hand takes the place of the parent that it repeats. `conditions` are on the results of some of the
    parents. `jobs` are those whose runs become parents when this one is accepted.
    """

    parents: tuple[str, ...] = ()
    join: Join = Join.ALL
    on_failure: OnParentFailure = OnParentFailure.CANCEL
    conditions: dict[str, Condition] = {}
    jobs: tuple[str, ...] = ()


class ParentRequest(Struct, frozen=True, forbid_unknown_fields=True, rename={"condition": "if"}):
    """A parent as it is asked for, with a condition on its result: where that does not hold, the run is skipped."""

    run: Annotated[str, Meta(min_length=1)]
    condition: Condition | None = None


def read_depends(
    parents: Sequence[str | ParentRequest], join: Join | None, on_failure: OnParentFailure | None, at: str = ""
) -> Depends | None:
    """The dependencies that a request means. Raises InvalidInput; `at` is the pointer of the request."""
    if not parents:
        given = {"join": join, "on_parent_failure": on_failure}
        problems = [
            Problem(f"{at}/{name}", "has no effect without depends_on", "conflict")
            for name, value in given.items()
            if value is not None
        ]
        if problems:
            raise InvalidInput(problems)
        return None
    if len(parents) > MAX_PARENTS:
        raise InvalidInput([Problem(f"{at}/depends_on", f"names {len(parents)} runs, of at most {MAX_PARENTS}")])
    asked = [ParentRequest(parent) if isinstance(parent, str) else parent for parent in parents]
    problems = []
    seen: set[str] = set()
    for index, each in enumerate(asked):
        if each.run in seen:
            problems.append(Problem(f"{at}/depends_on/{index}", f"names {each.run} once more", "conflict"))
        seen.add(each.run)
        if each.condition is not None:
            problems += condition_problems(each.condition, f"{at}/depends_on/{index}/if")
    if problems:
        raise InvalidInput(problems)
    return Depends(
        parents=tuple(each.run for each in asked),
        join=join or Join.ALL,
        on_failure=on_failure or OnParentFailure.CANCEL,
        conditions={each.run: each.condition for each in asked if each.condition is not None},
    )


class Parent(Struct, frozen=True, kw_only=True):
    """A parent as its child may read it. `state` is None where it is no longer known how it ended.

    The result and the error are those of a run that is still kept.
    """

    id: str
    state: str | None
    result: Json | None = None
    error: RunError | None = None


class Verdict(StrEnum):
    """What an ended parent means to one of its children."""

    MET = "met"
    UNMET = "unmet"
    FAILED = "failed"


class Tally(NamedTuple):
    """How many of a run's parents have not ended, and how many came to each verdict."""

    pending: int = 0
    met: int = 0
    unmet: int = 0
    failed: int = 0


class Decision(StrEnum):
    """What becomes of a run that waits for its parents."""

    WAIT = "wait"
    GO = "go"
    CANCEL = "cancel"
    SKIP = "skip"


def judge(state: str, error_code: str | None, result: Json | None, condition: Condition | None, join: Join) -> Verdict:
    """What a parent that ended in `state` means to a child."""
    if join is not Join.ALWAYS:
        if state in ("failed", "cancelled"):
            return Verdict.FAILED
        if state == "skipped" and error_code == CONDITION_UNMET:
            return Verdict.UNMET
    return Verdict.MET if condition is None or holds(condition, result) else Verdict.UNMET


def decide(join: Join, on_failure: OnParentFailure, tally: Tally) -> Decision:
    """What becomes of a child, by how its parents stand. It does not depend on the order in which they ended."""
    if join is Join.ANY:
        if tally.met:
            return Decision.GO
        if tally.pending:
            return Decision.WAIT
        return _ON_FAILURE[on_failure] if tally.failed else Decision.SKIP
    if tally.unmet:
        return Decision.SKIP
    if tally.failed and on_failure is not OnParentFailure.RUN:
        return _ON_FAILURE[on_failure]
    return Decision.WAIT if tally.pending else Decision.GO


_ON_FAILURE: Final = {
    OnParentFailure.CANCEL: Decision.CANCEL,
    OnParentFailure.RUN: Decision.GO,
    OnParentFailure.WAIT: Decision.WAIT,
}


def why_ended(decision: Decision, parent_id: str, condition: Condition | None) -> RunError:
    """The error of a run that its parents ended. `parent_id` is the parent to blame, with the condition on it."""
    if decision is Decision.CANCEL:
        return RunError(PARENT_FAILED, f"its parent {parent_id} did not complete")
    if condition is None:
        return RunError(CONDITION_UNMET, f"its parent {parent_id} was skipped")
    return RunError(CONDITION_UNMET, f"the result of its parent {parent_id} does not meet the condition: {condition}")


def single_parent(parents: Sequence[str]) -> str:
    """What a blocked run names as its reason: its parent where it has only one, which stays right until it goes on."""
    return parents[0] if len(parents) == 1 else ""
