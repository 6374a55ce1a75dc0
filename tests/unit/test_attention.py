"""What needs somebody, by what is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from treadle.domain.attention import Concern, Matter, by_gravity, of_crew, of_failures
from treadle.domain.failures import FailureGroup, JobCount
from treadle.domain.instants import SECOND, Instant
from treadle.domain.queues import Queue, QueueControl, QueueState
from treadle.domain.runs import State
from treadle.domain.stats import Outcome
from treadle.domain.workers import Role, Worker, WorkerState

NOW: Final = 1_000 * SECOND
SCHEDULER: Final = Worker(
    id="sch_1",
    domains=("default",),
    host="ant",
    pid=1,
    slots=0,
    queues=(),
    requires=frozenset(),
    version="0",
    state=WorkerState.ONLINE,
    registered_at=NOW,
    seen_at=NOW,
    running=0,
    role=Role.SCHEDULER,
)
WORKER: Final = replace(SCHEDULER, id="wkr_1", role=Role.WORKER, slots=5)
MAIL: Final = Queue(domain="default", name="mail", ready=4)
GROUP: Final = FailureGroup(
    domain="default",
    id="flg_1",
    kind="ValueError",
    place="tasks/pay.py in charge",
    title="no card",
    count=7,
    first_at=1,
    last_at=NOW,
    run_id="run_9",
)
PAY: Final = [JobCount("pay", 7, NOW)]


def matters(concerns: Sequence[Concern]) -> list[tuple[Matter, str, int]]:
    return [(each.matter, each.subject, each.count) for each in concerns]


def outcomes(*states: State) -> list[Outcome]:
    return [
        Outcome(run_id=f"run_{place}", state=state, started_at=None, finished_at=NOW - place)
        for place, state in enumerate(states)
    ]


def lost(at: Instant) -> Worker:
    return replace(WORKER, id="wkr_0", state=WorkerState.LOST, seen_at=at, registered_at=1)


def test_a_crew_that_is_there_needs_nobody() -> None:
    assert list(of_crew([MAIL], [SCHEDULER, WORKER])) == []


def test_without_a_worker_the_queues_are_not_told_one_by_one() -> None:
    assert matters(list(of_crew([MAIL], [SCHEDULER]))) == [(Matter.NO_WORKER, "", 4)]


def test_a_queue_from_which_no_worker_takes_is_told_and_an_empty_one_is_not() -> None:
    elsewhere = replace(WORKER, queues=("web",))
    assert matters(list(of_crew([MAIL], [SCHEDULER, elsewhere]))) == [(Matter.UNTAKEN_QUEUE, "mail", 4)]
    assert list(of_crew([replace(MAIL, ready=0)], [SCHEDULER, elsewhere])) == []


def test_a_paused_queue_is_told_as_paused_alone() -> None:
    paused = replace(MAIL, control=QueueControl(QueueState.PAUSED))
    elsewhere = replace(WORKER, queues=("web",))
    assert matters(list(of_crew([paused], [SCHEDULER, elsewhere]))) == [(Matter.PAUSED_QUEUE, "mail", 4)]


def test_a_lost_process_is_told_until_another_has_come_up_in_its_place() -> None:
    gone = (Matter.LOST_PROCESS, "wkr_0", 0)
    assert matters(list(of_crew([], [SCHEDULER, lost(NOW)]))) == [(Matter.NO_WORKER, "", 0), gone]
    assert list(of_crew([], [SCHEDULER, WORKER, lost(NOW - SECOND)])) == []
    beside_it_all_along = [SCHEDULER, WORKER, lost(NOW + SECOND)]
    assert matters(list(of_crew([], beside_it_all_along))) == [gone]


def test_a_job_fails_as_long_as_its_newest_runs_did_and_is_told_once() -> None:
    recent = {"pay": outcomes(State.FAILED, State.FAILED, State.COMPLETED, State.FAILED)}
    (told,) = of_failures([(GROUP, PAY), (replace(GROUP, id="flg_2"), PAY)], recent)
    assert (told.matter, told.subject, told.count, told.run_id) == (Matter.FAILING_JOB, "pay", 2, "run_0")
    assert told.since == NOW - 1


def test_a_group_stands_for_itself_where_none_of_its_jobs_fails_now() -> None:
    for known in ({"pay": outcomes(State.COMPLETED, State.FAILED)}, {}):
        assert matters(list(of_failures([(GROUP, PAY)], known))) == [(Matter.FAILURE_GROUP, "flg_1", 7)]


def test_the_gravest_come_first_and_of_each_so_many() -> None:
    letters, groups = Concern(matter=Matter.DEAD_LETTERS), [Concern(matter=Matter.FAILURE_GROUP)] * 3
    alone = Concern(matter=Matter.NO_SCHEDULER)
    assert by_gravity([letters, *groups, alone], 2) == [alone, letters, *groups[:2]]
