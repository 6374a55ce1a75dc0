"""Rates, whenever runs ask: never more than allowed, never longer than needed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from treadle.domain.instants import HOUR, MILLISECOND, SECOND
from treadle.domain.rates import Rate, capacity, consume, next_time

START = 1_760_000_000 * SECOND
RATES = st.builds(Rate, runs=st.integers(1, 1_000), window=st.integers(MILLISECOND, HOUR))
STATES = st.none() | st.integers(START - HOUR, START + 2 * HOUR)


@given(RATES, st.lists(st.tuples(st.integers(0, 20 * SECOND), st.integers(1, 200)), max_size=40))
def test_no_span_of_time_sees_more_than_the_burst_and_what_came_back_within_it(
    rate: Rate, asking: list[tuple[int, int]]
) -> None:
    now, used_until = START, None
    went: list[tuple[int, int]] = []
    for later, want in asking:
        now += later
        count = min(want, capacity(rate, used_until, now))
        if count:
            used_until = consume(rate, used_until, now, count)
            went.append((now, count))
    for first, (begin, _) in enumerate(went):
        total = 0
        for end, count in went[first:]:
            total += count
            assert total <= rate.runs + (end - begin) // rate.interval


@given(RATES, STATES)
def test_the_next_time_is_the_first_moment_at_which_one_may_go(rate: Rate, used_until: int | None) -> None:
    at = next_time(rate, used_until, START)
    assert at >= START
    assert (at == START) == (capacity(rate, used_until, START) > 0)
    if at > START and used_until is not None and used_until <= START + rate.burst:
        assert capacity(rate, used_until, at) == 1
        assert capacity(rate, used_until, at - 1) == 0


@given(RATES)
def test_a_rate_never_used_or_rested_for_a_window_gives_its_whole_burst_and_no_more(rate: Rate) -> None:
    assert capacity(rate, None, START) == rate.runs
    used_until = consume(rate, None, START, rate.runs)
    assert capacity(rate, used_until, START) == 0
    assert capacity(rate, used_until, START + rate.burst) == rate.runs
    assert capacity(rate, used_until, START + 10 * rate.burst) == rate.runs


@given(RATES)
def test_one_by_one_or_together_makes_no_difference(rate: Rate) -> None:
    one_by_one = None
    for _ in range(rate.runs):
        assert capacity(rate, one_by_one, START) > 0
        one_by_one = consume(rate, one_by_one, START)
    assert one_by_one == consume(rate, None, START, rate.runs)


@given(RATES, STATES, st.integers(0, 100 * HOUR))
def test_a_clock_that_was_set_back_holds_nothing_longer_than_an_interval(
    rate: Rate, used_until: int | None, back: int
) -> None:
    now = START - back
    assert next_time(rate, used_until, now) <= now + rate.interval
    assert 0 <= capacity(rate, used_until, now) <= rate.runs


@given(RATES, RATES, STATES)
def test_a_rate_that_was_raised_holds_nothing_longer_than_the_new_one_would(
    old: Rate, new: Rate, used_until: int | None
) -> None:
    spent = consume(old, used_until, START, capacity(old, used_until, START))
    assert next_time(new, spent, START) <= START + new.interval
