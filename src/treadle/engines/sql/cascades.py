"""How cascades are worked off by the engines that keep dependencies in tables: what counts, and how much at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from treadle.domain.conditions import read_condition
from treadle.domain.dependencies import Join, Verdict, judge
from treadle.domain.json import Json
from treadle.domain.runs import State
from treadle.domain.states import TABLE, Change

EDGES_AT_ONCE: Final = 200
LEVELS_AT_ONCE: Final = 25
"""How much of a cascade one transaction works off: some 6 ms on SQLite, for which others wait."""

SKIP_ROW: Final = TABLE[State.BLOCKED, Change.SKIP]

Judged: TypeAlias = tuple[str, str, str]
"""A parent, a child, and what the one's end means to the other."""

_MOOT: Final = "moot"
"""The verdict on the parent of a child that does not wait any more."""


def judge_edge(join: str | None, state: str, error_code: str | None, condition: str | None, result: Json | None) -> str:
    """What the end of a parent means to a child; `join` is None where the child does not wait any more."""
    if join is None:
        return _MOOT
    asked = None if condition is None else read_condition(condition)
    return judge(state, error_code, result, asked, Join(join))


def tallies(judged: Sequence[Judged]) -> list[tuple[Any, ...]]:
    """By child: how many of each verdict, and the first parents that failed and that were unmet."""
    by_child: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for parent, child, verdict in judged:
        by_child[child][verdict].append(parent)
    return [
        (
            child,
            *(len(parents[verdict]) for verdict in (Verdict.MET, Verdict.UNMET, Verdict.FAILED)),
            *(min(parents[verdict], default=None) for verdict in (Verdict.FAILED, Verdict.UNMET)),
        )
        for child, parents in by_child.items()
    ]
