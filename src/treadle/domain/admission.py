"""Admission: what holds a waiting run back. One thing at a time, always in the same order.

First its parents, then its due time, then its gates (the lanes of its limits); a run that nothing holds is ready.
What holds a whole line (a paused queue, no able worker, a domain's share) is no hold of a run: it is checked once per
line when work is claimed.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from treadle.domain.instants import Instant
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import State


class Hold(NamedTuple):
    """The state of a waiting run, and why it is in it."""

    state: State
    reason: Reason | None


BEHIND_PARENTS: Final = Hold(State.BLOCKED, Reason(ReasonCode.PARENTS))
NOT_DUE: Final = Hold(State.SCHEDULED, Reason(ReasonCode.DELAY))
AT_THE_GATE: Final = Hold(State.BLOCKED, Reason(ReasonCode.ADMISSION))
FREE: Final = Hold(State.READY, None)


def next_hold(*, has_parents: bool, due_at: Instant, gated: bool, now: Instant) -> Hold:
    """What holds a run that does not run: parents that have not let it go, its due time, gates to pass, or nothing.

    A run at the gate is let in, or told what it waits for, in the transaction that brought it there.
    """
    if has_parents:
        return BEHIND_PARENTS
    if due_at > now:
        return NOT_DUE
    return AT_THE_GATE if gated else FREE
