"""Topics: by which events are chosen."""

from __future__ import annotations

from typing import Final

from treadle.domain import progress
from treadle.domain.errors import InvalidInput, Problem, nearest
from treadle.domain.events import FAMILIES
from treadle.domain.states import CANCEL_REQUESTED_EVENT, DEBOUNCED_EVENT, QUEUED_EVENT, TABLE

RUN_EVENTS: Final = frozenset(
    {QUEUED_EVENT, DEBOUNCED_EVENT, CANCEL_REQUESTED_EVENT, progress.EVENT, *(row.event for row in TABLE.values())}
)
"""All that is told of runs."""

_FAMILIES: Final = {spelling: family for family in FAMILIES for spelling in (family, f"{family}s")}
_RUN: Final = "run"


def read_topic(text: str) -> str:
    """The type (`run.failed`) or the family (`run`, or `runs`) that a topic names. Raises InvalidInput."""
    family, dot, rest = text.partition(".")
    if family not in _FAMILIES or (dot and not rest):
        hint = nearest(family, FAMILIES) if family not in _FAMILIES else ""
        known = f"a family ({', '.join(FAMILIES)}) or a type such as run.failed"
        raise InvalidInput([Problem("/query/topics", f"{text!r:.80} is no topic, which is {known}{hint}")])
    topic = _FAMILIES[family] + dot + rest
    if rest and _FAMILIES[family] == _RUN and topic not in RUN_EVENTS:
        hint = nearest(topic, RUN_EVENTS)
        known = ", ".join(sorted(RUN_EVENTS))
        raise InvalidInput([Problem("/query/topics", f"{text!r:.80} is told of no run{hint}: there are {known}")])
    return topic
