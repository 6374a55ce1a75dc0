"""Who gets the free slots: by weight, all of them, and nobody is shut out."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from treadle.domain.sharing import TURN, Share, share_out

NAMES = st.sampled_from(["a", "b", "c", "d"])
WEIGHTS = st.integers(1, 1_000)
SHARES = st.dictionaries(
    NAMES, st.builds(Share, weight=WEIGHTS, running=st.integers(0, 50), turn=st.integers(0, 9 * TURN)), min_size=1
)
WAITING = st.dictionaries(NAMES, st.integers(0, 30))


@given(SHARES, WAITING, st.integers(0, 60))
def test_slots_are_given_out_as_far_as_there_are_runs_for_them(
    shares: dict[str, Share], waiting: dict[str, int], slots: int
) -> None:
    given_out = share_out(shares, waiting, slots, 9 * TURN)
    wanted = {name: waiting.get(name, 0) for name in shares}
    assert sum(one.count for one in given_out.values()) == min(slots, sum(wanted.values()))
    assert all(0 < one.count <= wanted[name] for name, one in given_out.items())


@given(SHARES, WAITING, st.integers(1, 60))
def test_who_got_a_slot_had_the_least_running_for_its_weight(
    shares: dict[str, Share], waiting: dict[str, int], slots: int
) -> None:
    given_out = share_out(shares, waiting, slots, 9 * TURN)
    for name, one in given_out.items():
        before_last = (shares[name].running + one.count - 1) / shares[name].weight
        for other, share in shares.items():
            count = given_out[other].count if other in given_out else 0
            if count < waiting.get(other, 0):
                assert before_last <= (share.running + count) / share.weight


@given(st.dictionaries(NAMES, WEIGHTS, min_size=2), st.integers(1, 300))
def test_one_slot_at_a_time_goes_round_by_weight(weights: dict[str, int], rounds: int) -> None:
    turns = dict.fromkeys(weights, 0)
    got: Counter[str] = Counter()
    for _ in range(rounds):
        shares = {name: Share(weight, 0, turns[name]) for name, weight in weights.items()}
        ((name, one),) = share_out(shares, dict.fromkeys(weights, 1), 1, max(turns.values())).items()
        turns[name] = one.turn
        got[name] += 1
    whole = sum(weights.values())
    for name, weight in weights.items():
        assert abs(got[name] - rounds * weight / whole) <= len(weights)


@given(st.integers(0, 1_000 * TURN), st.integers(0, 1_000 * TURN), WEIGHTS, WEIGHTS)
def test_nobody_waits_longer_than_the_others_turns_within_one_of_its_own(
    own: int, other: int, weight: int, other_weight: int
) -> None:
    turns = {"own": own, "other": other}
    weights = {"own": weight, "other": other_weight}
    for _ in range(other_weight + 1001):
        shares = {name: Share(weights[name], 0, turns[name]) for name in turns}
        ((name, one),) = share_out(shares, {"own": 1, "other": 1}, 1, max(turns.values())).items()
        if name == "own":
            return
        turns[name] = one.turn
    raise AssertionError("it was shut out")
