"""Why is this run not running?"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from treadle.domain.affinity import Affinity, Traits, with_affinity
from treadle.domain.explain import explain
from treadle.domain.explanation import Explanation
from treadle.domain.instants import MINUTE, SECOND, Instant
from treadle.domain.jobs import create_job, parse_job
from treadle.domain.outcomes import RunError
from treadle.domain.queues import QueueControl, QueueState
from treadle.domain.rates import Rate
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import Cause, Run, State
from treadle.domain.submitting import accepted, build_run
from treadle.domain.waits import EventWait
from treadle.domain.workers import Role, Worker, WorkerState

NOW: Instant = 1_800_000_000 * SECOND
JOB = create_job(parse_job({"job_id": "report", "type": "report.daily"}), source="api", now=NOW)
OPEN = QueueControl()


def run(**changes: Any) -> Run:
    return replace(accepted(build_run(JOB, run_id="run_1", now=NOW, cause=Cause.API)), **changes)


def worker(**changes: Any) -> Worker:
    one = Worker(
        id="wkr_1",
        domains=("default",),
        host="ant",
        pid=7,
        slots=2,
        queues=(),
        requires=frozenset({"handler:report.daily"}),
        version="1",
        state=WorkerState.ONLINE,
        registered_at=NOW,
        seen_at=NOW,
        running=0,
    )
    return replace(one, **changes)


def explained(run: Run, *workers: Worker, ahead: int = 0, queue: QueueControl = OPEN) -> Explanation:
    return explain(run, workers=workers, ahead=ahead, queue=queue, now=NOW)


def test_a_delayed_run_tells_when_it_is_due() -> None:
    due = NOW + MINUTE
    answer = explained(run(state=State.SCHEDULED, reason=Reason(ReasonCode.DELAY), due_at=due))
    assert (answer.code, answer.expected_start) == ("delayed", due)
    assert "2027-01-15T08:01:00Z" in answer.message


def test_a_retry_says_which_attempt_failed() -> None:
    waiting = run(state=State.SCHEDULED, reason=Reason(ReasonCode.RETRY), due_at=NOW + MINUTE, failures=2)
    assert explained(waiting).code == "retry_backoff"
    assert "attempt 2 failed" in explained(waiting).message


def test_a_snoozed_run_says_so() -> None:
    waiting = run(state=State.SCHEDULED, reason=Reason(ReasonCode.SNOOZE), due_at=NOW + MINUTE)
    assert explained(waiting).code == "snoozed"


def test_a_due_run_that_no_worker_has_moved_on_is_explained_as_a_ready_one() -> None:
    assert explained(run(state=State.SCHEDULED, due_at=NOW - SECOND)).code == "no_worker"


def test_a_handler_that_no_worker_has_is_named_with_the_nearest() -> None:
    answer = explained(run(), worker(requires=frozenset({"handler:report.dayly", "shell"})))
    assert answer.code == "no_worker_for_requirement"
    assert answer.message == "no online worker has the handler 'report.daily' (did you mean \"report.dayly\"?)"
    assert answer.details["requires"] == "handler:report.daily"


def test_an_executor_that_no_worker_has_is_named() -> None:
    assert "the executor 'shell'" in explained(run(requires="shell"), worker()).message


def test_a_queue_that_no_worker_takes_is_named() -> None:
    answer = explained(run(queue="nightly"), worker(queues=("default",)))
    assert answer.code == "no_worker_for_queue"
    assert "'nightly'" in answer.message


def test_lost_workers_do_not_count_as_online() -> None:
    assert explained(run(), worker(state=WorkerState.LOST)).code == "no_worker"


def test_draining_workers_are_said() -> None:
    answer = explained(run(), worker(state=WorkerState.DRAINING))
    assert (answer.code, answer.details["draining"]) == ("workers_draining", ["wkr_1"])


def test_busy_slots_are_counted_over_the_workers_that_could_take_it() -> None:
    answer = explained(run(), worker(running=2), worker(id="wkr_2", requires=frozenset({"shell"})), ahead=4)
    assert answer.code == "slots_busy"
    assert (answer.details["slots"], answer.details["ahead"]) == (2, 4)


def test_its_place_in_the_line_is_told() -> None:
    assert explained(run(), worker(running=1), ahead=3).message == "3 runs of its line go first"
    assert explained(run(), worker(running=1), ahead=1_000).message == "at least 1000 runs of its line go first"


def test_the_next_one_is_expected_to_start_now() -> None:
    assert explained(run(), worker()).expected_start == NOW


def test_a_suspect_waits_to_run_alone() -> None:
    assert explained(run(suspect=True), worker(running=1)).code == "waits_to_run_alone"


def test_a_running_one_tells_where_and_since_when() -> None:
    running = run(state=State.RUNNING, worker_id="wkr_1", started_at=NOW, claimed_at=NOW, attempt=1, token=1)
    answer = explained(running, worker(running=1))
    assert answer.code == "running"
    assert answer.message == "attempt 1 runs on ant (process 7) since 2027-01-15T08:00:00Z"
    assert explained(running, worker(state=WorkerState.LOST)).code == "worker_lost"


def test_one_that_was_started_before_tells_the_start_of_this_try() -> None:
    again = run(state=State.RUNNING, worker_id="wkr_1", started_at=NOW - MINUTE, claimed_at=NOW, attempt=1, token=2)
    answer = explained(again, worker(running=1))
    assert answer.message == "attempt 1 runs on ant (process 7) since 2027-01-15T08:00:00Z"


def test_an_accepted_cancel_is_told() -> None:
    running = run(state=State.RUNNING, worker_id="wkr_1", started_at=NOW, attempt=1, cancel_requested_at=NOW)
    assert explained(running, worker(running=1)).code == "cancel_requested"


def test_a_blocked_one_names_what_it_waits_for() -> None:
    answer = explained(run(state=State.BLOCKED, reason=Reason(ReasonCode.EVENT, "paid")), worker())
    assert (answer.code, answer.message) == ("blocked", "it waits for event paid")


def test_a_finished_one_tells_how_it_ended() -> None:
    answer = explained(run(state=State.FAILED, attempt=4, error=RunError("timeout", "it took longer than 5 s")))
    assert (answer.code, answer.message) == ("failed", "it has failed: it took longer than 5 s")


def test_a_paused_queue_goes_before_everything_that_would_hold_its_line() -> None:
    paused = explained(run(), queue=QueueControl(QueueState.PAUSED))
    assert (paused.code, paused.details, paused.expected_start) == ("queue_paused", {"queue": "default"}, None)
    assert "resumes" in paused.message


def test_no_start_is_expected_of_what_a_paused_queue_would_hold_then() -> None:
    later = run(state=State.SCHEDULED, reason=Reason(ReasonCode.DELAY), due_at=NOW + MINUTE)
    answer = explained(later, worker(), queue=QueueControl(QueueState.PAUSED))
    assert (answer.code, answer.expected_start, answer.details["queue_paused"]) == ("delayed", None, True)
    assert answer.message.endswith("2027-01-15T08:01:00Z; its queue 'default' is paused, too")


def test_a_run_that_stands_aside_tells_what_shuts_its_line() -> None:
    aside = run(state=State.BLOCKED, reason=Reason(ReasonCode.LINE, "default"))
    assert explained(aside, worker(), queue=QueueControl(QueueState.PAUSED)).code == "queue_paused"
    assert explained(aside).code == "no_worker"


def test_a_queue_at_its_rate_tells_when_the_run_may_start() -> None:
    spent = QueueControl(rate=Rate(2, MINUTE), used_until=NOW + MINUTE)
    answer = explained(run(), worker(), ahead=3, queue=spent)
    assert (answer.code, answer.expected_start) == ("queue_rate", NOW + 2 * MINUTE)
    assert (answer.details["runs"], answer.details["window_sec"], answer.details["ahead"]) == (2, 60.0, 3)
    assert "2 runs start per 60 s" in answer.message
    assert explained(run(), worker(), ahead=1_000, queue=spent).expected_start is None


def test_a_draining_queue_holds_nothing_that_it_has() -> None:
    assert explained(run(), worker(), queue=QueueControl(QueueState.DRAINING)).code == "next"


def test_a_run_that_waits_for_an_event_tells_which_one_and_until_when() -> None:
    blocked = run(state=State.BLOCKED, reason=Reason(ReasonCode.EVENT, "paid"))
    wait = EventWait(step="wait:paid", event="paid", match=b'{"order":17}', timeout_at=NOW + MINUTE)
    answer = explain(blocked, workers=[], ahead=0, queue=OPEN, now=NOW, wait=wait)
    assert (answer.code, answer.expected_start) == ("waits_for_event", NOW + MINUTE)
    assert answer.message == (
        "its handler waits for an event 'paid' whose data contains {\"order\":17}, "
        "until 2027-01-15T08:01:00Z at the latest"
    )
    endless = explain(blocked, workers=[], ahead=0, queue=OPEN, now=NOW, wait=EventWait(step="s", event="paid"))
    assert (endless.message, endless.expected_start) == ("its handler waits for an event 'paid'", None)


def test_a_run_that_waits_for_an_approval_tells_which_one_and_until_when() -> None:
    blocked = run(state=State.BLOCKED, reason=Reason(ReasonCode.APPROVAL, "boss"))
    answer = explained(blocked, worker())
    assert (answer.code, answer.message, answer.expected_start) == (
        "waits_for_approval",
        "it waits for the approval 'boss'",
        None,
    )
    wait = EventWait(step="approval", event="approval.given", timeout_at=NOW + MINUTE)
    limited = explain(blocked, workers=[], ahead=0, queue=OPEN, now=NOW, wait=wait)
    assert (limited.code, limited.expected_start) == ("waits_for_approval", NOW + MINUTE)
    assert limited.message.endswith("until 2027-01-15T08:01:00Z at the latest")


def test_a_run_that_sleeps_tells_until_when() -> None:
    asleep = run(state=State.SCHEDULED, reason=Reason(ReasonCode.SLEEP, "sleep"), due_at=NOW + MINUTE)
    answer = explained(asleep, worker())
    assert (answer.code, answer.expected_start) == ("sleeping", NOW + MINUTE)


def test_what_each_worker_lacks_to_match_is_named() -> None:
    requires = with_affinity("handler:report.daily", Affinity(tags=("gpu",), os=("linux",)))
    answer = explained(
        run(requires=requires),
        worker(traits=Traits(os="linux")),
        worker(id="wkr_2", host="bee", traits=Traits(os="darwin", tags=("gpu",))),
        worker(id="wkr_3", requires=frozenset({"shell"})),
    )
    assert answer.code == "no_worker_matches"
    assert "wkr_1 on ant lacks the tag 'gpu'; wkr_2 on bee lacks the operating system 'linux'" in answer.message
    assert answer.details["missing"] == {"wkr_1": ["the tag 'gpu'"], "wkr_2": ["the operating system 'linux'"]}
    assert answer.details["affinity"] == {"os": ["linux"], "tags": ["gpu"]}
    assert answer.details["requires"] == "handler:report.daily"


def test_disabled_workers_are_said() -> None:
    answer = explained(run(), worker(state=WorkerState.DISABLED))
    assert (answer.code, answer.details["disabled"]) == ("workers_disabled", ["wkr_1"])


def test_a_scheduler_or_an_api_is_no_worker() -> None:
    assert explained(run(), worker(role=Role.API, requires=frozenset())).code == "no_worker"
