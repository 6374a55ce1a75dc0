"""Overlap: whatever the policy and whatever stands, slots get runs or are passed over, and policies keep their word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from treadle.domain.overlap import Earlier, Overlap, schedule_lanes, take_turn

runs = st.lists(st.booleans(), max_size=5).map(
    lambda begun: [Earlier(f"run_{number}", each) for number, each in enumerate(begun)]
)
counts = st.integers(0, 6)
ONE_AT_A_TIME = (Overlap.QUEUE_ALL, Overlap.QUEUE_ONE, Overlap.REPLACE, Overlap.CANCEL_RUNNING)


@given(st.sampled_from(Overlap), counts, counts, runs)
def test_what_gets_a_run_is_a_part_of_the_slots_and_what_is_cancelled_stood(
    overlap: Overlap, count: int, late: int, earlier: list[Earlier]
) -> None:
    turn = take_turn(overlap, count, min(late, count), earlier)
    assert 0 <= turn.first <= turn.last <= count
    assert set(turn.cancel) <= {run_id for run_id, _ in earlier}
    assert not turn.cancel or turn.last > turn.first, "something takes the place of what is cancelled"


@given(counts, counts, runs)
def test_nothing_is_left_out_by_allow_and_by_queue_all(count: int, late: int, earlier: list[Earlier]) -> None:
    for overlap in (Overlap.ALLOW, Overlap.QUEUE_ALL):
        assert take_turn(overlap, count, late, earlier) == (0, count, ())


@given(counts, counts, runs)
def test_skip_starts_nothing_beside_an_earlier_run(count: int, late: int, earlier: list[Earlier]) -> None:
    turn = take_turn(Overlap.SKIP, count, min(late, count), earlier)
    assert turn.last - turn.first == (0 if earlier else min(count, max(late, 1)) if late <= count else count)


@given(st.sampled_from([Overlap.QUEUE_ONE, Overlap.REPLACE, Overlap.CANCEL_RUNNING]), counts, runs)
def test_of_what_waits_one_is_left(overlap: Overlap, count: int, earlier: list[Earlier]) -> None:
    waiting = {run_id for run_id, begun in earlier if not begun}
    turn = take_turn(overlap, count, 0, earlier)
    left = len(waiting - set(turn.cancel)) + turn.last - turn.first
    assert left <= max(1, len(waiting))
    if count and overlap is not Overlap.QUEUE_ONE:
        assert (turn.first, turn.last, left) == (count - 1, count, 1)


@given(counts, runs)
def test_only_cancel_running_ends_what_has_begun(count: int, earlier: list[Earlier]) -> None:
    begun = {run_id for run_id, has in earlier if has}
    for overlap in Overlap:
        ended = begun & set(take_turn(overlap, count, 0, earlier).cancel)
        assert ended == (begun if count and overlap is Overlap.CANCEL_RUNNING else set())


def test_one_at_a_time_is_a_lane_of_one() -> None:
    for overlap in Overlap:
        lanes = schedule_lanes(overlap, "nightly")
        assert [(lane.key, lane.limit) for lane in lanes] == (
            [("schedule:nightly", 1)] if overlap in ONE_AT_A_TIME else []
        )
