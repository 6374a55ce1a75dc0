"""Which events answer a wait, and that the numbers by which engines find them leave none out."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from treadle.domain import json
from treadle.domain.waits import data_keys, match_key, matches

SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, -0.0, 1.0, 1.5]) | st.text("ab1", max_size=2)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=1), inner, max_size=2)
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


@given(data=OBJECTS, keys=st.sets(st.sampled_from("abc")))
def test_every_part_of_the_data_matches_it(data: dict[str, Any], keys: set[str]) -> None:
    part = {key: value for key, value in data.items() if key in keys}
    assert matches(part, data)
    assert matches(json.decode(json.encode(part)), json.decode(json.encode(data)))


@given(match=OBJECTS, data=OBJECTS)
def test_an_event_is_found_by_every_wait_that_it_answers(match: dict[str, Any], data: dict[str, Any]) -> None:
    if matches(match, data):
        assert match_key(match) in data_keys(data)
    assert all(0 <= key < 2**63 for key in data_keys(data))


@given(match=OBJECTS, data=OBJECTS)
def test_a_match_is_equality_as_json_has_it(match: dict[str, Any], data: dict[str, Any]) -> None:
    assert matches(match, data) == all(key in data and _equal(match[key], data[key]) for key in match)


def _equal(one: Any, other: Any) -> bool:
    """Equality as JSON has it, spelt out."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    return bool(one == other)


def test_numbers_of_any_size_match() -> None:
    for number in (10**400, 1e300, 2**53 + 1, -(2**70)):
        assert matches({"n": number}, {"n": number})
        assert match_key({"n": number}) in data_keys({"n": number})
    assert not matches({"n": 2**53 + 1}, {"n": 2**53})
