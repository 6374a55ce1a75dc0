"""What becomes of slots that came due while nobody looked."""

from __future__ import annotations

import time

import pytest

from treadle.domain.instants import DAY, HOUR, MINUTE, SECOND, from_iso
from treadle.domain.misfires import MOST_LISTED, MOST_ON_TIME, MOST_WALKED, MisfirePolicy, plan_misfires
from treadle.domain.triggers import At, Interval, Trigger, interval, parse_cron

MINUTELY = Interval(every=MINUTE, anchor=0)


def minutes(*numbers: int) -> tuple[int, ...]:
    return tuple(number * MINUTE for number in numbers)


@pytest.mark.parametrize(
    ("policy", "fire", "skipped"),
    [
        ("skip", minutes(9, 10), minutes(3, 4, 5, 6, 7, 8)),
        ("one", minutes(8, 9, 10), minutes(3, 4, 5, 6, 7)),
        ("all", minutes(5, 6, 7, 8, 9, 10), minutes(3, 4)),
    ],
)
def test_slots_within_grace_fire_and_the_policy_rules_the_rest(
    policy: MisfirePolicy, fire: tuple[int, ...], skipped: tuple[int, ...]
) -> None:
    now = 10 * MINUTE + 20 * SECOND
    plan = plan_misfires(MINUTELY, cursor=3 * MINUTE, now=now, policy=policy, grace=90 * SECOND, cap=4)
    assert (plan.fire, plan.skipped, plan.skipped_count) == (fire, skipped, len(skipped))
    assert plan.next == 11 * MINUTE
    assert not plan.at_least


def test_a_slot_exactly_as_late_as_grace_is_on_time() -> None:
    def fired(grace: int) -> tuple[int, ...]:
        return plan_misfires(MINUTELY, cursor=MINUTE, now=MINUTE + 30, policy="skip", grace=grace, cap=1).fire

    assert fired(grace=30) == minutes(1)
    assert fired(grace=29) == ()


def test_nothing_is_due_before_the_cursor() -> None:
    plan = plan_misfires(MINUTELY, cursor=5 * MINUTE, now=3 * MINUTE, policy="all", grace=HOUR, cap=9)
    assert (plan.fire, plan.skipped, plan.next) == ((), (), 5 * MINUTE)


def test_a_trigger_that_has_fired_for_the_last_time_has_no_next() -> None:
    on_time = plan_misfires(At(100), cursor=100, now=150, policy="skip", grace=60, cap=1)
    assert (on_time.fire, on_time.next) == ((100,), None)
    missed = plan_misfires(At(100), cursor=100, now=500, policy="skip", grace=60, cap=1)
    assert (missed.fire, missed.skipped, missed.next) == ((), (100,), None)


@pytest.mark.parametrize("policy", ["skip", "one", "all"])
@pytest.mark.parametrize(
    ("trigger", "exact"),
    [
        (interval(0.1, anchor=0), True),
        (parse_cron("* * * * * *", "Europe/Berlin"), False),
        (parse_cron("*/5 * * * *", "Europe/Berlin"), False),
        (parse_cron("0 3 * * *", "Europe/Berlin"), False),
    ],
)
def test_ten_years_of_absence_make_a_small_plan_at_once(trigger: Trigger, exact: bool, policy: MisfirePolicy) -> None:  # noqa: FBT001
    cursor = from_iso("2025-01-01T02:00:00Z")
    now = cursor + 3_652 * DAY + 30 * SECOND
    started = time.process_time()
    plan = plan_misfires(trigger, cursor, now, policy, grace=MINUTE, cap=20)
    assert time.process_time() - started < 1
    late = [slot for slot in plan.fire if slot < now - MINUTE]
    assert len(late) == {"skip": 0, "one": 1, "all": 20}[policy]
    assert len(plan.skipped) == MOST_LISTED
    assert list(plan.skipped) + late == sorted(plan.skipped) + late
    assert plan.at_least is not exact
    if exact:
        assert plan.skipped_count == (now - MINUTE - 1 - cursor) // 100_000 + 1 - len(late)
    else:
        assert plan.skipped_count >= MOST_WALKED - len(late)


def test_a_flood_within_grace_comes_in_portions() -> None:
    trigger = interval(0.1, anchor=0)
    now = HOUR
    plan = plan_misfires(trigger, cursor=0, now=now, policy="skip", grace=DAY, cap=1)
    assert len(plan.fire) == MOST_ON_TIME
    assert plan.next == plan.fire[-1] + 100_000
    assert plan.next < now
