"""A day on which each part of an engine does its work once: for a recording of what it says to its server.

What runs in the afternoon began in the morning, so that a new schema that comes at noon finds all kinds of rows.
"""

from __future__ import annotations

from msgspec import Struct, structs

from treadle.domain import json
from treadle.domain.access import CredentialKind
from treadle.domain.chains import Links
from treadle.domain.clashes import Debounce, OnClash, Unique
from treadle.domain.dependencies import Depends
from treadle.domain.events import NewEvent
from treadle.domain.instants import DAY, HOUR, MINUTE, SECOND
from treadle.domain.kv import Put, Scope, Space
from treadle.domain.limits import Lane, Limits, RateLimit
from treadle.domain.outcomes import Failed, Outcome, Released, RunError, Snoozed, Succeeded
from treadle.domain.queues import QueueState
from treadle.domain.rates import Rate
from treadle.domain.runs import Claim, RunKey, State
from treadle.domain.schedules import Schedule
from treadle.domain.submitting import repeat_run
from treadle.engines.contract import AuditQuery, Engine, RunQuery
from treadle.testing.conformance.access import credential, entry
from treadle.testing.conformance.logs import line
from treadle.testing.conformance.steps import step
from treadle.testing.conformance.waits import publish, waiting
from treadle.testing.driver import BOOM, Driver, firing, interval_schedule, new_id, new_run, saving, work

_GONE = Failed(RunError("exception", "gone"), retry=False)


class Kept(Struct):
    """What the morning leaves to the afternoon."""

    worker: str
    claims: dict[str, Claim]
    schedule: Schedule
    failed: str


async def morning(engine: Engine, drive: Driver) -> Kept:
    """Begin everything."""
    schedule = interval_schedule(drive.now, every=MINUTE)
    await engine.documents.save(saving(drive.now, schedule, consumes="mail"))
    await engine.documents.save(saving(drive.now, id="after", links=Links((), ("job_report",))))
    worker = await drive.worker(lease=DAY, domain="default")
    limits = Limits(lanes=(Lane("key:a", 1),), rates=(RateLimit("job:report", Rate(5, MINUTE)),))
    await engine.lanes.set_limit("default", "key:a", 2, now=drive.now)
    await engine.queues.limit("default", "mail", Rate(10, SECOND), now=drive.now)
    await engine.domains.weigh("default", 2, now=drive.now)
    await _submit_all(engine, drive, limits)
    claims = {claim.id: claim for claim in await drive.claim(worker, 6)}
    first, second, third, *_ = claims.values()
    await drive.record(worker, first, step(first))
    await engine.kv.change(Space("default", Scope.RUN, first.id), Put("page", b"2"), now=drive.now)
    await engine.logs.append([line("said", drive.now, run_id=first.id)])
    await drive.put(3)
    await drive.take(first, batch_size=2)
    await drive.settle(worker, second, _GONE)
    await drive.settle(worker, third, waiting({"order": 1}, timeout_at=drive.now + DAY))
    await engine.access.put(credential("tok_1", drive.now))
    await engine.access.put(credential("usr_1", drive.now, kind=CredentialKind.USER))
    await engine.audit.append(entry("aud_1", drive.now))
    return Kept(
        worker,
        {run_id: claims[run_id] for run_id in claims if run_id not in (second.id, third.id)},
        schedule,
        second.id,
    )


async def _submit_all(engine: Engine, drive: Driver, limits: Limits) -> None:
    key = RunKey("submit", "k", "hash", drive.now + DAY)
    parents = await drive.submit(3, work=work(max_retries=1))
    await engine.runs.enqueue([new_run(drive.now, key=key), new_run(drive.now, key=key)], now=drive.now)
    await drive.submit(depends=Depends(tuple(parents)))
    await drive.submit(depends=Depends(tuple(parents[:1]), jobs=("job_report",)), delay=MINUTE)
    await drive.submit(3, limits=limits)
    for how in (OnClash.SKIP, OnClash.SKIP, OnClash.REPLACE):
        await drive.submit(limits=Limits(unique=Unique("u", on_clash=how)), delay=HOUR)
    for _ in range(2):
        debounce = Debounce(wait_sec=10, key="d")
        await drive.submit(delay=10 * SECOND, debounce=debounce)
    await drive.submit(2, queue="mail")


async def afternoon(engine: Engine, drive: Driver, kept: Kept) -> None:
    """Go on with all of it."""
    worker = kept.worker
    drive.now += MINUTE
    await engine.workers.renew([worker], DAY, now=drive.now)
    await engine.schedules.due(9, now=drive.now)
    await engine.schedules.fire([firing(kept.schedule, drive.now)], now=drive.now)
    outcomes: list[Outcome] = [Succeeded(b"1"), BOOM, Released(), Snoozed(SECOND)]
    for claim, outcome in zip(kept.claims.values(), outcomes, strict=False):
        await drive.settle(worker, claim, outcome)
    await publish(drive, {"order": 1}, key="p")
    (failed,) = await engine.runs.get("default", [kept.failed])
    again = repeat_run(failed, run_id=new_id("run"), now=drive.now, for_letter=True)
    await engine.runs.enqueue([again], now=drive.now)
    drive.now += MINUTE
    await _trips(engine, drive, worker)
    await _look_around(engine, drive)
    await _ask_and_change(engine, drive)
    for other in await drive.submit(2, delay=HOUR):
        await engine.runs.cancel("default", [other], now=drive.now)
    lost = await drive.worker(lease=SECOND)
    await drive.submit()
    await drive.claim(lost)
    drive.now += MINUTE
    await drive.sweep()
    await engine.workers.stop([lost])


async def _trips(engine: Engine, drive: Driver, worker: str) -> None:
    done: list[Claim] = []
    for _ in range(4):
        settled = [drive.outcome(claim, Succeeded(json.encode({"n": 1})), worker) for claim in done]
        done = list((await engine.runs.step(worker, settled, 3, now=drive.now)).claims)
    (dead, *rest) = done or await drive.claim(worker)
    await engine.runs.settle([drive.outcome(claim, BOOM, worker) for claim in rest], now=drive.now)
    await drive.settle(worker, dead, _GONE)
    await engine.dead_letters.discard("default", [dead.id], by="ana", now=drive.now)
    triggers = await engine.triggers.waiting(9)
    runs = [new_run(drive.now, job_id=one.job_id) for one in triggers]
    await engine.triggers.pull([one.seq for one in triggers], runs, now=drive.now)
    for consumer in await engine.messages.awaited(9):
        await engine.messages.start([new_run(drive.now, job_id=consumer.job_id)], now=drive.now)


async def _look_around(engine: Engine, drive: Driver) -> None:
    query = RunQuery(domain="default", limit=99)
    for run in await engine.runs.find(query):
        await engine.runs.parents("default", run.id, results=True)
        await engine.runs.children("default", run.id)
        await engine.runs.attempts("default", run.id)
        await engine.runs.ahead("default", run.id, 99)
    await engine.runs.find(structs.replace(query, states=(State.FAILED,), job_ids=("job_report",)))
    await engine.runs.counts("default")
    await engine.runs.held_by(["wrk_none"])
    await engine.dead_letters.find(query)
    await engine.events.read("default", after=0, limit=99, types=["run.queued", "job."])
    await engine.events.published("default", "paid", since=0, after=0, limit=9)
    await engine.events.newest("default", "schedule.slot_skipped", 9)
    await engine.events.bounds()
    await engine.lanes.find("default")
    await engine.lanes.rates("default", ["job:report"])
    await engine.queues.find("default")
    await engine.domains.find()
    await engine.workers.find("default")
    await engine.schedules.next_due()
    await engine.schedules.find("default")
    await engine.documents.find("default", "job")
    await engine.documents.versions("default", "job", "job_report", 9)
    await engine.kv.find(Space("default", Scope.RUN, "run_none"))
    await engine.audit.find(AuditQuery(domain="default", limit=9))
    await engine.access.get("tok_1")
    await drive.inbox()


async def _ask_and_change(engine: Engine, drive: Driver) -> None:
    await engine.lanes.tend(99, now=drive.now)
    await engine.lanes.set_limit("default", "key:a", None, now=drive.now)
    for state in (QueueState.PAUSED, QueueState.OPEN):
        await engine.queues.switch("default", "mail", state, now=drive.now)
        await engine.lanes.step_aside(99, now=drive.now)
    await engine.events.append([NewEvent(domain="default", type="job.changed", subject="j", at=drive.now)])
    await engine.events.deliver(now=drive.now)
    await engine.runs.resolve(now=drive.now)
    await engine.documents.save(saving(drive.now, body=b"changed"))
    await engine.documents.delete("default", "job", "after")
    await engine.access.touch("tok_1", drive.now)
    await engine.access.revoke("tok_1", drive.now)
    for prune in (engine.logs.prune, engine.messages.prune, engine.lanes.prune, engine.workers.prune):
        await prune(drive.now - HOUR, 9)
