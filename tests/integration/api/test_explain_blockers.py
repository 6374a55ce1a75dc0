"""Whatever a run can wait for: built over HTTP, told by explain as exactly that, taken away, and the run starts.

Where explain says when the run is expected to start it does so then, and not a microsecond before.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from tests.integration.api.server import Server
from treadle.domain.affinity import Traits
from treadle.domain.instants import DAY, HOUR, from_iso
from treadle.domain.outcomes import Outcome, Snoozed, Succeeded, Waiting
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import Claim
from treadle.domain.waits import EventWait
from treadle.domain.workers import LEASE, WorkerState
from treadle.testing.driver import BOOM, Driver

HANDLER: Final = "handler:report.daily"
DONE: Final = Succeeded()


class Blocked(NamedTuple):
    """A run that waits, and what explain has to say of it."""

    run_id: str
    details: dict[str, Any]
    starts_by_itself: bool = False
    """Nothing has to be done: it starts at the moment that explain names."""


@dataclass
class Scene:
    """A served engine with workers that do as the test says; `worker` is the one that is to take the run."""

    server: Server
    drive: Driver
    worker: str = ""
    slots: int = 0
    at_work: list[Claim] = field(default_factory=list)

    async def send(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        answer = await self.server.client.request(method, path, json=body or None)
        assert answer.status_code < 300, answer.text
        return dict(answer.json())

    async def submit(self, job_id: str = "report", **request: Any) -> str:
        return str((await self.server.submit(job_id, **request))["run_id"])

    async def explain(self, run_id: str) -> dict[str, Any]:
        return await self.send("GET", f"/runs/{run_id}/explain")

    async def hire(self, *, slots: int = 4, requires: str = HANDLER, **fields: Any) -> str:
        """A worker, which is to take the run from now on."""
        self.worker = await self.drive.worker(slots=slots, requires=frozenset({requires}), **{"lease": DAY} | fields)
        self.slots, self.at_work = slots, []
        return self.worker

    async def claim(self) -> list[str]:
        """Let the worker take what it has slots for."""
        self.drive.now = max(self.drive.now, self.server.engine.now())
        free = self.slots - len(self.at_work)
        claims = await self.drive.claim(self.worker, free) if free else ()
        self.at_work += claims
        return [claim.id for claim in claims]

    async def end(self, run_id: str, outcome: Outcome = DONE) -> None:
        (claim,) = (claim for claim in self.at_work if claim.id == run_id)
        self.at_work.remove(claim)
        assert await self.drive.settle(self.worker, claim, outcome) == ()

    async def begin(self, **request: Any) -> str:
        """A run that is at work."""
        run_id = await self.submit(**request)
        assert await self.claim() == [run_id]
        return run_id

    async def put_back(self, outcome: Outcome) -> str:
        """A run that was at work, and came to this."""
        await self.server.create_job(retries=1, retry_delay_seconds=3600)
        await self.hire()
        run_id = await self.begin()
        await self.end(run_id, outcome)
        return run_id


@dataclass(frozen=True)
class Blocker:
    """A way to keep a run from starting: it is built on entering, and taken away on leaving."""

    build: Callable[[Scene], AbstractAsyncContextManager[Blocked]]
    code: str
    status: str
    reason: ReasonCode | None = None

    def __str__(self) -> str:
        return self.build.__name__


BLOCKERS: Final[list[Blocker]] = []


def blocker(code: str, status: str = "ready", reason: ReasonCode | None = None) -> Callable[[Any], Any]:
    """What explain is to say, in which state the run is, and which reason is recorded with it."""

    def register(build: Callable[[Scene], AsyncIterator[Blocked]]) -> Callable[[Scene], AsyncIterator[Blocked]]:
        BLOCKERS.append(Blocker(asynccontextmanager(build), code, status, reason))
        return build

    return register


@blocker("queue_paused")
async def paused_queue(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job()
    await scene.hire()
    await scene.send("POST", "/queues/default/pause")
    yield Blocked(await scene.submit(), {"queue": "default"})
    await scene.send("POST", "/queues/default/resume")


@blocker("queue_rate")
async def rate_of_the_queue(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job()
    await scene.hire()
    await scene.send("PUT", "/queues/default", rate={"runs": 1, "window_sec": 3600})
    await scene.begin()
    yield Blocked(await scene.submit(), {"runs": 1, "window_sec": 3600, "ahead": 0}, starts_by_itself=True)


@blocker("rate_limited", "blocked", ReasonCode.RATE)
async def rate_of_the_job(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job(rate_limit={"max_runs": 1, "window_sec": 3600})
    await scene.hire()
    await scene.begin()
    yield Blocked(await scene.submit(), {"max_runs": 1, "window_sec": 3600, "ahead": 0}, starts_by_itself=True)


@blocker("lane_full", "blocked", ReasonCode.LANE)
async def full_lane_of_the_job(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job(max_concurrent=1)
    await scene.hire()
    holder = await scene.begin()
    yield Blocked(await scene.submit(), {"lane": "job:report", "limit": 1, "holders": [holder]})
    await scene.end(holder)


@blocker("lane_full", "blocked", ReasonCode.LANE)
async def full_lane_of_the_flow(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job(flow_group="nightly")
    await scene.server.create_job(job_id="other", flow_group="nightly")
    await scene.hire()
    holder = await scene.begin(job_id="other")
    yield Blocked(await scene.submit(), {"lane": "flow:nightly", "limit": 1, "holders": [holder]})
    await scene.end(holder)


@blocker("lane_full", "blocked", ReasonCode.LANE)
async def full_lane_of_the_key(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job(concurrency_key="{account}")
    await scene.hire()
    holder = await scene.begin(inputs={"account": "a"})
    yield Blocked(await scene.submit(inputs={"account": "a"}), {"lane": "key:a", "holders": [holder]})
    await scene.end(holder)


@blocker("lane_full", "blocked", ReasonCode.LANE)
async def lane_closed_by_hand(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job(max_concurrent=1)
    await scene.hire()
    await scene.send("PUT", "/lanes/job:report", limit=0)
    yield Blocked(await scene.submit(), {"limit": 0, "by_hand": True, "holders": []})
    assert (await scene.server.client.delete("/lanes/job:report")).status_code == 204


@blocker("queue_paused", "blocked", ReasonCode.LINE)
async def shut_line_from_which_it_stands_aside(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job(flow_group="nightly", queue="mail")
    await scene.server.create_job(job_id="other", flow_group="nightly")
    await scene.hire()
    await scene.send("POST", "/queues/mail/pause")
    run_id = await scene.submit()
    other = await scene.submit("other")
    assert await scene.server.engine.lanes.step_aside(100) == 1  # as the sweeper does
    assert await scene.claim() == [other]
    await scene.end(other)
    yield Blocked(run_id, {"queue": "mail"})
    await scene.send("POST", "/queues/mail/resume")
    assert await scene.server.engine.lanes.step_aside(100) == 1


@blocker("waits_for_parents", "blocked", ReasonCode.PARENTS)
async def parent_that_runs(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job()
    await scene.hire()
    parent = await scene.begin()
    details = {"waits_for": [f"{parent} (running)"], "left": 1, "join": "all"}
    yield Blocked(await scene.submit(depends_on=[parent]), details)
    await scene.end(parent)


@blocker("waits_for_parents", "blocked", ReasonCode.PARENTS)
async def parent_that_failed_and_is_to_be_retried(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job(retries=0)
    await scene.hire()
    parent = await scene.begin()
    child = await scene.submit(depends_on=[parent], on_parent_failure="wait")
    await scene.end(parent, BOOM)
    yield Blocked(child, {"waits_for": [f"{parent} (failed)"], "on_parent_failure": "wait"})
    again = (await scene.send("POST", f"/runs/{parent}/retry"))["run_id"]
    assert await scene.claim() == [again]
    await scene.end(again)


@blocker("waits_for_event", "blocked", ReasonCode.EVENT)
async def event(scene: Scene) -> AsyncIterator[Blocked]:
    wait = EventWait(step="wait:paid", event="paid", match=b'{"order":17}')
    run_id = await scene.put_back(Waiting(Reason(ReasonCode.EVENT, "paid"), wait))
    yield Blocked(run_id, {"event": "paid", "match": '{"order":17}', "timeout_at": None})
    assert (await scene.send("POST", "/events", name="paid", data={"order": 17}))["woken"] == 1


@blocker("waits_for_event", "blocked", ReasonCode.EVENT)
async def event_that_does_not_come_in_time(scene: Scene) -> AsyncIterator[Blocked]:
    timeout_at = scene.server.engine.now() + HOUR
    wait = EventWait(step="wait:paid", event="paid", timeout_at=timeout_at)
    run_id = await scene.put_back(Waiting(Reason(ReasonCode.EVENT, "paid"), wait))
    yield Blocked(run_id, {"event": "paid"}, starts_by_itself=True)


@blocker("waits_for_approval", "blocked", ReasonCode.APPROVAL)
async def approval(scene: Scene) -> AsyncIterator[Blocked]:
    wait = EventWait(step="approval", event="approval.given", match=b'{"by":"boss"}')
    run_id = await scene.put_back(Waiting(Reason(ReasonCode.APPROVAL, "boss"), wait))
    yield Blocked(run_id, {"approval": "boss", "timeout_at": None})
    assert (await scene.send("POST", "/events", name="approval.given", data={"by": "boss"}))["woken"] == 1


@blocker("delayed", "scheduled", ReasonCode.DELAY)
async def delay(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job()
    await scene.hire()
    yield Blocked(await scene.submit(delay_sec=3600), {"failures": 0}, starts_by_itself=True)


@blocker("debounced", "scheduled", ReasonCode.DEBOUNCE)
async def debounce(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job(debounce={"wait_sec": 3600})
    await scene.hire()
    yield Blocked(await scene.submit(), {}, starts_by_itself=True)


@blocker("retry_backoff", "scheduled", ReasonCode.RETRY)
async def backoff(scene: Scene) -> AsyncIterator[Blocked]:
    yield Blocked(await scene.put_back(BOOM), {"failures": 1}, starts_by_itself=True)


@blocker("snoozed", "scheduled", ReasonCode.SNOOZE)
async def snooze(scene: Scene) -> AsyncIterator[Blocked]:
    yield Blocked(await scene.put_back(Snoozed(HOUR)), {}, starts_by_itself=True)


@blocker("sleeping", "scheduled", ReasonCode.SLEEP)
async def sleep(scene: Scene) -> AsyncIterator[Blocked]:
    yield Blocked(await scene.put_back(Snoozed(HOUR, "sleep")), {}, starts_by_itself=True)


@blocker("no_worker")
async def nobody_at_all(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job()
    yield Blocked(await scene.submit(), {"requires": HANDLER})
    await scene.hire()


@blocker("no_worker_for_requirement")
async def nobody_with_the_type(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job()
    await scene.hire(requires="handler:report.weekly")
    yield Blocked(await scene.submit(), {"requires": HANDLER})
    await scene.hire()


@blocker("no_worker_for_requirement")
async def nobody_with_the_capability(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job(type=None, executor={"type": "shell", "script": "true"})
    await scene.hire()
    yield Blocked(await scene.submit(), {"requires": "shell"})
    await scene.hire(requires="shell")


@blocker("no_worker_for_queue")
async def nobody_for_the_queue(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job(queue="mail")
    await scene.hire(queues=("default",))
    yield Blocked(await scene.submit(), {"queue": "mail"})
    await scene.hire(queues=("default", "mail"))


@blocker("workers_draining")
async def nobody_who_does_not_drain(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job()
    worker = await scene.hire()
    await scene.server.engine.workers.switch("default", [worker], WorkerState.DRAINING)
    yield Blocked(await scene.submit(), {"draining": [worker]})
    await scene.hire()


@blocker("workers_disabled")
async def nobody_who_is_not_disabled(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job()
    worker = await scene.hire()
    await scene.server.engine.workers.switch("default", [worker], WorkerState.DISABLED)
    yield Blocked(await scene.submit(), {"disabled": [worker]})
    await scene.server.engine.workers.switch("default", [worker], WorkerState.ONLINE)


@blocker("no_worker_matches")
async def nobody_who_matches(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job(affinity={"tags": ["gpu"]})
    worker = await scene.hire()
    yield Blocked(await scene.submit(), {"missing": {worker: ["the tag 'gpu'"]}})
    await scene.hire(traits=Traits(tags=("gpu",)))


@blocker("slots_busy")
async def busy_slots(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job()
    await scene.hire(slots=1)
    holder = await scene.begin()
    yield Blocked(await scene.submit(), {"slots": 1, "running": 1, "ahead": 0})
    await scene.end(holder)


@blocker("in_line")
async def others_of_its_line(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job()
    first = await scene.submit()
    run_id = await scene.submit()
    await scene.hire(slots=1)
    yield Blocked(run_id, {"ahead": 1})
    await scene.end(first)  # which was taken before it


@blocker("waits_to_run_alone")
async def neighbours_of_a_suspect(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job(retries=0)
    await scene.hire(lease=LEASE)
    suspect = await scene.begin()
    scene.drive.now += LEASE
    assert await scene.drive.sweep() == ()
    await scene.hire(slots=2)
    await scene.send("POST", "/queues/default/pause")
    await scene.server.create_job(job_id="other", queue="other")
    neighbour = await scene.begin(job_id="other")
    await scene.send("POST", "/queues/default/resume")
    yield Blocked(suspect, {"slots": 2, "running": 1})
    await scene.end(neighbour)


@blocker("worker_runs_alone")
async def suspect_that_runs_alone(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job()
    await scene.hire(lease=LEASE)
    suspect = await scene.begin()
    scene.drive.now += LEASE
    assert await scene.drive.sweep() == ()
    await scene.hire(slots=2)
    assert await scene.claim() == [suspect]
    yield Blocked(await scene.submit(), {"slots": 2, "running": 1, "ahead": 0})
    await scene.end(suspect)


@blocker("domain_share")
async def share_of_the_domain(scene: Scene) -> AsyncIterator[Blocked]:
    await scene.server.create_job()
    await scene.hire(slots=1, domains=("default", "theirs"))
    own = await scene.begin()
    (theirs,) = await scene.drive.submit(domain="theirs", requires=HANDLER)
    yield Blocked(await scene.submit(), {"running": 1, "weight": 1, "domains_before": 1})
    await scene.end(own)
    assert await scene.claim() == [theirs]
    await scene.end(theirs)


@pytest.fixture
def scene(server: Server) -> Scene:
    return Scene(server, Driver(server.engine))


@pytest.mark.parametrize("blocker", BLOCKERS, ids=str)
async def test_explain_names_what_holds_a_run_back_and_without_it_the_run_starts(
    scene: Scene, blocker: Blocker
) -> None:
    async with blocker.build(scene) as blocked:
        answer = await scene.explain(blocked.run_id)
        assert (answer["status"], answer["code"]) == (blocker.status, blocker.code), answer
        assert answer["details"] | blocked.details == answer["details"]
        reason = (await scene.send("GET", f"/runs/{blocked.run_id}"))["reason"]
        assert (reason and reason["code"]) == blocker.reason
        expected = answer["expected_start"]
        if blocked.starts_by_itself:
            scene.drive.now = from_iso(expected) - 1
        assert blocked.run_id not in await scene.claim()
    if blocked.starts_by_itself:
        scene.drive.now = from_iso(expected)
    assert blocked.run_id in await scene.claim()
    assert (await scene.explain(blocked.run_id))["code"] == "running"


def test_every_reason_that_can_be_recorded_has_its_blocker() -> None:
    within_a_transaction = {ReasonCode.ADMISSION}
    assert {blocker.reason for blocker in BLOCKERS} - {None} == set(ReasonCode) - within_a_transaction


_ELSEWHERE: Final = {"moving"}
"""Those of whole installations, on one engine alone: `observing/test_health.py` has it."""


def test_every_code_is_on_the_page() -> None:
    page = (Path(__file__).parents[3] / "docs" / "http.md").read_text(encoding="utf-8")
    table = page.partition("### Why a run does not run")[2].partition("\n## ")[0]
    named = {
        code for line in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for code in re.findall(r"`(\w+)`", line)
    }
    assert named - {"code", "next"} - _ELSEWHERE == {blocker.code for blocker in BLOCKERS}
