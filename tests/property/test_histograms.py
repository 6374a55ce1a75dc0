"""Histograms: what is told of lengths is within a 32nd of them, and parts add up to the whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from treadle.domain.histograms import Histogram, bin_of, merge, middle_of, quantiles
from treadle.domain.instants import DAY

LENGTHS = st.one_of(st.integers(0, 100), st.integers(0, 400 * DAY))


def histogram(lengths: list[int]) -> Histogram:
    return merge({bin_of(length): 1} for length in lengths)


@given(LENGTHS)
def test_what_stands_for_a_length_is_within_a_32nd_of_it_and_in_its_bin(length: int) -> None:
    middle = middle_of(bin_of(length))
    assert abs(middle - length) <= length / 32
    assert bin_of(middle) == bin_of(length)


@given(LENGTHS, LENGTHS)
def test_bins_keep_the_order_of_lengths(one: int, other: int) -> None:
    assert (bin_of(one) <= bin_of(other)) or one > other


@given(st.lists(LENGTHS, min_size=1), st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_is_within_a_32nd_of_the_true_one(lengths: list[int], share: float) -> None:
    ordered = sorted(lengths)
    true = next(length for place, length in enumerate(ordered, 1) if place >= share * len(ordered) - 1e-9)
    (told,) = quantiles(histogram(lengths), [share])
    assert told is not None
    assert abs(told - true) <= true / 32


@given(st.lists(LENGTHS))
def test_several_quantiles_are_each_as_if_it_was_asked_for_alone(lengths: list[int]) -> None:
    shares = [0.1, 0.5, 0.95, 0.99, 1.0]
    alone = [quantiles(histogram(lengths), [share])[0] for share in shares]
    assert quantiles(histogram(lengths), shares) == alone


@given(st.lists(LENGTHS), st.lists(LENGTHS), st.lists(LENGTHS))
def test_parts_add_up_whatever_their_order(one: list[int], other: list[int], third: list[int]) -> None:
    parts = [histogram(each) for each in (one, other, third)]
    assert merge(parts) == merge(reversed(parts)) == histogram(one + other + third)
    assert sum(merge(parts).values()) == len(one + other + third)


def test_of_nothing_nothing_is_told_and_what_is_below_zero_is_none() -> None:
    assert quantiles({}, [0.5, 0.9]) == [None, None]
    assert quantiles({bin_of(-5): 1}, [0.5]) == [0]
