"""Bulk actions: what is done to each run of a selection, a part of it at a time, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta, Struct, structs

from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.events import NewEvent
from treadle.domain.instants import DAY, MILLISECOND, Instant, Micros
from treadle.domain.json import encode
from treadle.domain.letters import Why as Words
from treadle.domain.runs import TERMINAL, NewRun, Run, State
from treadle.domain.selections import PART, SAMPLE, parts_of
from treadle.domain.submitting import repeat_run

FINISHED_EVENT: Final = "bulk_action.finished"
LONGEST_SPREAD_MS: Final = 7 * DAY // MILLISECOND


class Act(StrEnum):
    """What is done to each run."""

    RETRY = "retry"
    CANCEL = "cancel"
    DISCARD = "discard"


class WhyLeft(StrEnum):
    """Why a run was left as it was."""

    GONE = "gone"
    NOT_FINISHED = "not_finished"
    FINISHED = "finished"
    CANCEL_REQUESTED = "cancel_requested"
    NO_DEAD_LETTER = "no_dead_letter"
    LETTER_RESOLVED = "letter_resolved"
    QUEUE_DRAINING = "queue_draining"
    DUPLICATE = "duplicate"


REFUSED: Final = frozenset({WhyLeft.QUEUE_DRAINING, WhyLeft.DUPLICATE})
"""What keeps a run from being acted upon that could be: it has failed. For the others there was nothing to do."""


class BulkRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to do to the runs of a selection."""

    selection: Annotated[str, Meta(description="The selection's id.")]
    action: Act
    spread_ms: Annotated[
        int, Meta(ge=0, le=LONGEST_SPREAD_MS, description="Over how long to spread the starts of retries.")
    ] = 0
    why: Words = ""
    dry_run: Annotated[bool, Meta(description="Only say what would become of each.")] = False

    def check(self) -> None:
        """Raises InvalidInput for what has no effect on such an action."""
        problems = []
        if self.spread_ms and self.action is not Act.RETRY:
            problems.append(Problem("/spread_ms", f"spreads retries: it has no effect on {self.action}", "conflict"))
        if self.why and self.action is not Act.DISCARD:
            problems.append(Problem("/why", f"is kept with what is discarded: not with {self.action}", "conflict"))
        if problems:
            raise InvalidInput(problems)


class Left(Struct, frozen=True):
    """So many runs that were left, and the first of them."""

    count: int
    sample: tuple[str, ...]

    def __add__(self, other: Left) -> Left:
        return Left(self.count + other.count, (*self.sample, *other.sample)[:SAMPLE])


class Tally(Struct, frozen=True, omit_defaults=True):
    """What became of runs: so many that stood in each state were acted upon, the others were left."""

    acted: dict[State, int] = {}
    left: dict[WhyLeft, Left] = {}

    def __add__(self, other: Tally) -> Tally:
        left = dict(self.left)
        for reason, more in other.left.items():
            left[reason] = left[reason] + more if reason in left else more
        return Tally(dict(Counter(self.acted) + Counter(other.acted)), left)

    @property
    def done(self) -> int:
        """How many were acted upon."""
        return sum(self.acted.values())

    @property
    def failed(self) -> int:
        """How many could not be acted upon."""
        return sum(left.count for reason, left in self.left.items() if reason in REFUSED)

    @property
    def skipped(self) -> int:
        """To how many there was nothing to do."""
        return sum(left.count for reason, left in self.left.items() if reason not in REFUSED)


def tally(acted: Iterable[State], left: Iterable[tuple[str, WhyLeft]]) -> Tally:
    """What became of runs, from how those stood that were acted upon, and why each of the others was left."""
    return sum((Tally(left={reason: Left(1, (run_id,))}) for run_id, reason in left), Tally(dict(Counter(acted))))


class BulkAction(Struct, frozen=True, kw_only=True):
    """An action on the runs of a selection, and how far it has come: the parts before `position` are done with."""

    id: str
    domain: str
    selection_id: str
    act: Act
    spread: Micros
    why: str
    by: str
    total: int
    created_at: Instant
    position: int = 0
    tally: Tally = Tally()
    finished_at: Instant | None = None

    @property
    def is_last(self) -> bool:
        """Whether nothing is left behind the part at its position."""
        return self.position + 1 >= parts_of(self.total)

    def due_at(self, index: int) -> Instant:
        """When the retry of a run of the part becomes due."""
        return self.created_at + self.spread * (self.position * PART + index) // max(self.total, 1)


class BulkStep(Struct, frozen=True, kw_only=True):
    """What an action does to the runs of one part: submits some, cancels some, discards some, and leaves the rest.

    `stood` tells the states in which it found those that it does something to.
    """

    action: BulkAction
    stood: Mapping[str, State]
    retries: tuple[NewRun, ...] = ()
    cancels: tuple[str, ...] = ()
    discards: tuple[str, ...] = ()
    left: tuple[tuple[str, WhyLeft], ...] = ()

    def told(self, refused: Sequence[tuple[str, WhyLeft]]) -> Tally:
        """What became of the part, given those whom the engine has refused."""
        left = (*self.left, *refused)
        untouched = {run_id for run_id, _ in left}
        return tally((state for run_id, state in self.stood.items() if run_id not in untouched), left)

    def divided(self, chosen: Container[str | None]) -> tuple[BulkStep, BulkStep]:
        """The step of the retries of the chosen runs, and that of all others."""

        def part(*, is_in: bool) -> BulkStep:
            retries = tuple(run for run in self.retries if (run.retry_of in chosen) is is_in)
            stood = {run_id: state for run_id, state in self.stood.items() if (run_id in chosen) is is_in}
            return structs.replace(self, retries=retries, stood=stood)

        return structs.replace(part(is_in=True), cancels=(), discards=(), left=()), part(is_in=False)


def plan_step(
    action: BulkAction, run_ids: Sequence[str], runs: Iterable[Run], *, now: Instant, new_id: Callable[[str], str]
) -> BulkStep:
    """What an action is to do to the part at its position, from its runs as they stand now."""
    standing = {run.id: run for run in runs}
    wanted: list[tuple[int, Run]] = []
    left: list[tuple[str, WhyLeft]] = []
    for index, run_id in enumerate(run_ids):
        run = standing.get(run_id)
        reason = WhyLeft.GONE if run is None else _LEAVES[action.act](run)
        if run is not None and reason is None:
            wanted.append((index, run))
        elif reason is not None:
            left.append((run_id, reason))
    stood = {run.id: run.state for _, run in wanted}
    if action.act is Act.RETRY:
        retries = tuple(
            repeat_run(
                run,
                run_id=new_id("run"),
                now=now,
                for_letter=run.state is State.FAILED,
                due_at=action.due_at(index),
            )
            for index, run in wanted
        )
        return BulkStep(action=action, stood=stood, retries=retries, left=tuple(left))
    ids = tuple(run.id for _, run in wanted)
    if action.act is Act.CANCEL:
        return BulkStep(action=action, stood=stood, cancels=ids, left=tuple(left))
    return BulkStep(action=action, stood=stood, discards=ids, left=tuple(left))


def cancel_refusals(step: BulkStep, states: Mapping[str, State]) -> list[tuple[str, WhyLeft]]:
    """Those of a step whose cancel came too late, from the states that cancelling has answered."""
    ended = TERMINAL - {State.CANCELLED}
    gone = [(run_id, WhyLeft.GONE) for run_id in step.cancels if run_id not in states]
    return gone + [(run_id, WhyLeft.FINISHED) for run_id in step.cancels if states.get(run_id) in ended]


def finished_event(action: BulkAction, told: Tally, now: Instant) -> NewEvent:
    """What is told when an action has come to its end."""
    data = {"action": action.act, "total": action.total, "done": told.done}
    data |= {"skipped": told.skipped, "failed": told.failed}
    return NewEvent(domain=action.domain, type=FINISHED_EVENT, subject=action.id, at=now, data=encode(data))


def _leave_from_retry(run: Run) -> WhyLeft | None:
    if run.state not in TERMINAL:
        return WhyLeft.NOT_FINISHED
    return None if run.resolution is None else WhyLeft.LETTER_RESOLVED


def _leave_from_cancel(run: Run) -> WhyLeft | None:
    if run.state in TERMINAL:
        return WhyLeft.FINISHED
    return None if run.cancel_requested_at is None else WhyLeft.CANCEL_REQUESTED


def _leave_from_discard(run: Run) -> WhyLeft | None:
    if run.state is not State.FAILED:
        return WhyLeft.NO_DEAD_LETTER
    return None if run.resolution is None else WhyLeft.LETTER_RESOLVED


_LEAVES: Final[dict[Act, Callable[[Run], WhyLeft | None]]] = {
    Act.RETRY: _leave_from_retry,
    Act.CANCEL: _leave_from_cancel,
    Act.DISCARD: _leave_from_discard,
}
