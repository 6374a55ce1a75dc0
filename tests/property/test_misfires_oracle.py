"""The misfire plan against a plain listing of every slot."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from treadle.domain import misfires
from treadle.domain.instants import MINUTE, SECOND
from treadle.domain.misfires import MisfirePolicy, plan_misfires
from treadle.domain.triggers import At, Interval, Trigger, fires, next_fire, parse_cron

START = 1_760_000_000 * SECOND
TRIGGERS = st.one_of(
    st.builds(Interval, every=st.integers(100_000, 5 * MINUTE), anchor=st.integers(START - MINUTE, START + MINUTE)),
    st.sampled_from(["*/7 * * * *", "*/10 * * * * *", "0 0 30 2 *"]).map(parse_cron),
    st.builds(At, at=st.integers(START, START + 60 * MINUTE)),
)


@given(
    trigger=TRIGGERS,
    away=st.integers(0, 30 * MINUTE),
    policy=st.sampled_from(["skip", "one", "all"]),
    grace=st.integers(0, 10 * MINUTE),
    cap=st.integers(1, 30),
)
def test_every_slot_fires_or_is_skipped_or_is_still_to_come(
    trigger: Trigger, away: int, policy: MisfirePolicy, grace: int, cap: int
) -> None:
    cursor = next_fire(trigger, START) or START
    now = cursor + away
    plan = plan_misfires(trigger, cursor, now, policy, grace, cap)

    due = list(fires(trigger, cursor - 1, now))
    missed = [slot for slot in due if now - slot > grace]
    on_time = due[len(missed) :][: misfires.MOST_ON_TIME]
    late = {"skip": [], "one": missed[-1:], "all": missed[-cap:]}[policy]
    skipped = missed[: len(missed) - len(late)]

    assert list(plan.fire) == late + on_time
    assert list(plan.skipped) == skipped[-misfires.MOST_LISTED :]
    assert plan.next == next_fire(trigger, on_time[-1] if len(on_time) == misfires.MOST_ON_TIME else now)
    assert plan.at_least or plan.skipped_count == len(skipped)
