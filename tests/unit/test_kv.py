"""Small values as handlers use them, without an engine: what can be kept, and who may no longer keep anything."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.steps import MemoryKeeper, claim
from treadle.authoring.kv import KeyValues
from treadle.authoring.steps import Suspended
from treadle.domain.errors import InvalidInput
from treadle.domain.kv import MAX_VALUE_BYTES, Scope
from treadle.domain.outcomes import Released
from treadle.domain.progress import read_progress
from treadle.testing.clock import VirtualClock


def values(keeper: MemoryKeeper) -> KeyValues:
    return KeyValues(keeper.execution(VirtualClock()), claim(), Scope.JOB)


def test_a_value_comes_back_as_json_has_it() -> None:
    kv = values(MemoryKeeper())
    assert kv.get("cursor") is None
    kv.set("cursor", {"pages": (1, 2), "none": None})
    assert kv.get("cursor") == {"pages": [1, 2], "none": None}
    assert [kv.incr("n"), kv.incr("n", 2.5), kv.incr("n", -4)] == [1, 3.5, -0.5]
    kv.set("none", None)
    assert (kv.get("none", 1), kv.get("nothing", 1)) == (None, 1)
    assert kv.items() == {"cursor": {"pages": [1, 2], "none": None}, "n": -0.5, "none": None}


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (lambda kv: kv.get(""), "'' is no key: 1 to 200 printable characters"),
        (lambda kv: kv.set("a" * 201, 1), "is no key"),
        (lambda kv: kv.set("a\n", 1), "is no key"),
        (lambda kv: kv.delete(3), "3 is no key"),
        (lambda kv: kv.set("a", {"when": datetime.now(UTC)}), "the value of 'a' cannot be kept: /when"),
        (lambda kv: kv.set("a", math.nan), "is not a JSON value"),
        (lambda kv: kv.set("a", "x" * MAX_VALUE_BYTES), f"takes {MAX_VALUE_BYTES + 2} bytes of JSON, of at most"),
        (lambda kv: kv.incr("a", "1"), "a number can be added to 'a', not '1'"),
        (lambda kv: kv.incr("a", by=True), "not True"),
    ],
)
def test_what_cannot_be_kept_is_refused(use: Callable[[KeyValues], Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        use(values(MemoryKeeper()))


def test_a_run_that_was_taken_away_changes_nothing_and_is_ended() -> None:
    keeper = MemoryKeeper()
    steps = keeper.execution(VirtualClock())
    kv = KeyValues(steps, claim(), Scope.JOB)
    kv.set("n", 1)
    keeper.taken_away = True
    changes: list[Callable[[], Any]] = [lambda: kv.set("n", 2), lambda: kv.incr("n"), lambda: kv.delete("n")]
    for use in changes:
        with pytest.raises(Suspended):
            use()
    assert isinstance(steps.suspended, Released)
    assert kv.get("n") == 1


@pytest.mark.parametrize(("done", "total"), [(-1, 2), (1, -2), (math.nan, None), ("1", 2), (True, 2)])
def test_progress_is_an_amount(done: Any, total: Any) -> None:
    with pytest.raises(InvalidInput, match="is a number from 0 on"):
        read_progress(done, total, 0)
