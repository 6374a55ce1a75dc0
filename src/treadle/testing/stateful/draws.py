"""What the rules draw from."""

from __future__ import annotations

from typing import Final, Literal

from hypothesis import strategies as st

from treadle.domain.affinity import Affinity, Traits, with_affinity
from treadle.domain.clashes import Debounce, OnClash, Unique
from treadle.domain.conditions import Condition
from treadle.domain.dependencies import Join, OnParentFailure
from treadle.domain.instants import SECOND, Micros
from treadle.domain.limits import Lane, Limits, RateLimit
from treadle.domain.outcomes import (
    Cancelled,
    Failed,
    Outcome,
    Released,
    RunError,
    Skipped,
    Snoozed,
    Succeeded,
    Waiting,
)
from treadle.domain.overlap import Overlap
from treadle.domain.priority import Priority
from treadle.domain.queues import QueueState
from treadle.domain.rates import Rate
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.workers import EVERY_DOMAIN
from treadle.testing.driver import HANDLER, lanes
from treadle.testing.stateful.reading import DOMAINS

QUEUES: Final = ("default", "reports")
REQUIRES: Final = frozenset({HANDLER, "shell"})
WITH_A_TAG: Final = with_affinity(HANDLER, Affinity(tags=("gpu",)))
TRAITS: Final = (Traits(), Traits(tags=("gpu",)))
FIRST: Final = "job_first"
"""A job upon whose runs others depend."""

EVERY: Final[Micros] = 7 * SECOND

CHANGES: Final = st.sampled_from(["every 7", "every 7", "every 14", "off", "see", "delete"])
OVERLAPS: Final = st.sampled_from(Overlap)
STEPS: Final = ("wait:paid", "wait:paid#2")
DATA: Final = st.dictionaries(st.sampled_from("ab"), st.integers(1, 2), max_size=2)
MOSTLY_ONE: Final = st.sampled_from([DOMAINS[0]] * 6 + [DOMAINS[1]])
STATES: Final = st.sampled_from([QueueState.OPEN, QueueState.OPEN, QueueState.PAUSED, QueueState.DRAINING])
RATES: Final = st.sampled_from([None, None, Rate(1, 5 * SECOND), Rate(2, 3 * SECOND)])
SERVED: Final = st.sampled_from([DOMAINS[:1], DOMAINS[:1], DOMAINS[1:], DOMAINS, (EVERY_DOMAIN,)])
OUTCOMES: Final[st.SearchStrategy[Outcome]] = st.sampled_from(
    [
        Succeeded(b"1"),
        Failed(RunError("exception", "boom")),
        Failed(RunError("exception", "hopeless"), retry=False),
        Failed(RunError("timeout", "late"), delay=0),
        Skipped("nothing to do"),
        Snoozed(3 * SECOND),
        Snoozed(3 * SECOND, sleep="sleep:nap"),
        Waiting(Reason(ReasonCode.EVENT, "paid")),
        Cancelled("asked for"),
        Released(),
    ]
)
LANES: Final = ("a", "b", "key:c")
LIMITS: Final = (
    lanes(a=1),
    lanes(a=2),
    lanes(b=1),
    lanes(a=1, b=1),
    lanes(**{"a": 2, "key:c": 1}),
    lanes(**{"b": 1, "key:c": 2}),
    Limits(rates=(RateLimit("r", Rate(2, 10 * SECOND)),)),
    Limits(lanes=(Lane("a", 1),), rates=(RateLimit("r", Rate(2, 10 * SECOND)),)),
)
UNTIL: Final[tuple[Literal["started", "finished"] | float, ...]] = ("started", "finished", 10)
UNIQUE: Final = tuple(Unique(key="k", until=until, on_clash=on_clash) for until in UNTIL for on_clash in OnClash)
DEBOUNCE: Final = (Debounce(wait_sec=4, key="k"), Debounce(wait_sec=4, max_wait_sec=6, key="k"))
SUBMISSIONS: Final = st.lists(
    st.fixed_dictionaries(
        {
            "domain": MOSTLY_ONE,
            "job_id": st.sampled_from(["job_report", "job_report", "job_report", FIRST]),
            "as_of": st.sampled_from([None] * 8 + [1, 2]),
            "queue": st.sampled_from(QUEUES),
            "requires": st.sampled_from([HANDLER, HANDLER, "shell", WITH_A_TAG]),
            "priority": st.sampled_from(Priority),
            "delay": st.sampled_from([0, 0, 0, SECOND, 30 * SECOND]),
            "max_retries": st.integers(0, 2),
            "key": st.sampled_from(["", "", "a", "b"]),
            "body": st.sampled_from(["x", "x", "y"]),
            "parents": st.sampled_from([(), (), ()]) | st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True),
            "jobs": st.sampled_from([(), (), (), (FIRST,)]),
            "join": st.sampled_from([Join.ALL, Join.ALL, Join.ANY, Join.ALWAYS]),
            "on_failure": st.sampled_from(OnParentFailure),
            "condition": st.sampled_from([None, None, None, Condition(equals=1), Condition(exists=False)]),
            "limits": st.sampled_from([None, None, None, *LIMITS]),
            "clash": st.sampled_from([None, None, None, *UNIQUE, *DEBOUNCE]),
        }
    ),
    min_size=1,
    max_size=3,
)
