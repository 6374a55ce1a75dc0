"""How long runs wait, and in which order: the delays before retries, ranks, and ids that sort."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from treadle.domain.ids import RANDOM_BITS, make_id
from treadle.domain.instants import DAY, HOUR, MILLISECOND, from_seconds
from treadle.domain.priority import HEAD_START, Priority, rank
from treadle.domain.retry import ExponentialBackoff, ListedBackoff, retry_delay
from treadle.system import IdSource
from treadle.testing.clock import VirtualClock

CHANCES = st.floats(0, 1, exclude_max=True)
INSTANTS = st.integers(0, 10**16)
PRIORITIES = st.sampled_from(Priority)
OVERTAKING = max(HEAD_START.values()) - min(HEAD_START.values())


@given(
    backoff=st.builds(ExponentialBackoff, base=st.floats(0, 1e6), factor=st.floats(1, 100), cap=st.floats(0, 1e6)),
    retry=st.integers(1, 1000),
    chance=CHANCES,
)
def test_an_exponential_delay_lies_between_nothing_and_its_ceiling(
    backoff: ExponentialBackoff, retry: int, chance: float
) -> None:
    delay = retry_delay(backoff, retry, chance)
    assert 0 <= delay <= from_seconds(backoff.cap)
    assert delay <= from_seconds(backoff.base * backoff.factor ** min(retry - 1, 64))


@given(base=st.floats(0.001, 100), retry=st.integers(1, 20))
def test_the_jitter_is_full(base: float, retry: int) -> None:
    backoff = ExponentialBackoff(base=base, cap=1e9)
    ceiling = from_seconds(base * 2.0 ** (retry - 1))
    assert retry_delay(backoff, retry, 0.0) == 0
    assert retry_delay(backoff, retry, 0.999999) >= ceiling * 0.999


@given(delays=st.lists(st.floats(0, 1e6), min_size=1, max_size=5).map(tuple), retry=st.integers(1, 50), chance=CHANCES)
def test_a_list_of_delays_repeats_its_last(delays: tuple[float, ...], retry: int, chance: float) -> None:
    expected = delays[retry - 1] if retry <= len(delays) else delays[-1]
    assert retry_delay(ListedBackoff(delays), retry, chance) == from_seconds(expected)


@given(old=INSTANTS, waited=st.integers(1, 10 * DAY), first=PRIORITIES, second=PRIORITIES)
def test_no_run_is_overtaken_for_longer_than_the_longest_head_start(
    old: int, waited: int, first: Priority, second: Priority
) -> None:
    if rank(old + waited, second) <= rank(old, first):
        assert waited <= HEAD_START[second] - HEAD_START[first] <= OVERTAKING
    assert rank(old, first) < rank(old + OVERTAKING + 1, second)


@given(at=INSTANTS, later=st.integers(0, HOUR), priority=PRIORITIES)
def test_within_a_priority_the_first_goes_first(at: int, later: int, priority: Priority) -> None:
    assert rank(at, priority) <= rank(at + later, priority)
    assert rank(at, Priority.CRITICAL) <= rank(at, priority)


@given(
    first=INSTANTS,
    later=st.integers(1, 10**12),
    randomness=st.tuples(*[st.integers(0, 2**RANDOM_BITS - 1)] * 2),
)
def test_ids_sort_by_millisecond_and_then_by_what_is_random(
    first: int, later: int, randomness: tuple[int, int]
) -> None:
    earlier, after = make_id("run", first, randomness[0]), make_id("run", first + later, randomness[1])
    if first // MILLISECOND == (first + later) // MILLISECOND:
        assert (earlier < after) == (randomness[0] < randomness[1])
    else:
        assert earlier < after
    assert len(earlier) == len(after) == len("run_") + 32


@given(st.lists(st.integers(-5 * MILLISECOND, 5 * MILLISECOND), max_size=50))
def test_a_source_makes_ids_in_order_however_its_clock_jumps(jumps: list[int]) -> None:
    clock = VirtualClock()
    source = IdSource(clock)
    ids = [source("run")]
    for jump in jumps:
        clock.set_wall(clock.wall() + jump)
        ids.append(source("run"))
    assert ids == sorted(set(ids))
