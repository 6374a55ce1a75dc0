"""Equal failures make a group; what people say of it stands until it fails again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from treadle.domain.failures import GROUP_PATH, FailureGroup, GroupState, JobCount, Verdict
from treadle.domain.instants import DAY, HOUR, SECOND
from treadle.domain.outcomes import Failed, RunError
from treadle.engines.contract import Engine, GroupQuery, RunQuery
from treadle.testing.conformance.opening import Opener
from treadle.testing.conformance.stats import roll_up
from treadle.testing.driver import Driver

TRACEBACK = 'Traceback (most recent call last):\n  File "/srv/tasks/{file}.py", line 3, in run\n    pay()\n'


def failed(message: str = "no", *, kind: str = "ValueError", file: str = "pay") -> Failed:
    return Failed(RunError("exception", message, kind, TRACEBACK.format(file=file)), retry=False)


async def fail(drive: Driver, outcome: Failed | None = None, **fields: Any) -> str:
    """A run that fails, counted; its id."""
    (run_id,) = await drive.submit(**fields)
    worker = await drive.worker(domain=fields.get("domain", "default"))
    drive.now += SECOND
    await drive.settle(worker, await drive.claim_one(worker), outcome or failed())
    await roll_up(drive.engine)
    return run_id


async def groups(drive: Driver, **asked: Any) -> list[FailureGroup]:
    standard: dict[str, Any] = {"domain": "default", "limit": 99, "now": drive.now}
    return await drive.engine.failures.find(GroupQuery(**standard | asked))


async def only(drive: Driver) -> FailureGroup:
    (group,) = await groups(drive)
    return group


async def judge(drive: Driver, state: GroupState, **said: Any) -> FailureGroup | None:
    verdict = Verdict(state=state, at=drive.now, by="ann", **said)
    return await drive.engine.failures.judge("default", (await only(drive)).id, verdict)


async def filed(drive: Driver, group_id: str, **asked: Any) -> list[str]:
    """The runs of a group, newest first."""
    standard: dict[str, Any] = {"domain": "default", "limit": 99, "where": ((GROUP_PATH, (group_id,)),)}
    return [run.id for run in await drive.engine.runs.find(RunQuery(**standard | asked))]


async def told(drive: Driver) -> Sequence[str]:
    events = await drive.engine.events.read("default", after=0, limit=999, types=["failure_group."])
    return [event.type.partition(".")[2] for event in events]


class TestFailureGroups:
    async def test_equal_failures_are_one_group_over_jobs_and_others_are_not(self, drive: Driver) -> None:
        start = drive.now
        first = await fail(drive, failed("customer 7 is unknown"), job_id="a")
        second = await fail(drive, failed("customer 12 is unknown"), job_id="a")
        third = await fail(drive, failed("customer 9 is unknown"), job_id="b")
        other = await fail(drive, failed(file="ship"), job_id="b")
        newest, older = await groups(drive)
        assert (newest.run_id, newest.count, newest.place) == (other, 1, "tasks/ship.py in run")
        assert (older.kind, older.place, older.title) == ("ValueError", "tasks/pay.py in run", "customer 9 is unknown")
        assert (older.count, older.run_id, older.first_at, older.last_at) == (
            3,
            third,
            start + SECOND,
            start + 3 * SECOND,
        )
        assert older.state(drive.now) is GroupState.OPEN
        jobs = await drive.engine.failures.jobs("default", [older.id, newest.id])
        assert jobs[older.id] == [JobCount("b", 1, start + 3 * SECOND), JobCount("a", 2, start + 2 * SECOND)]
        assert await filed(drive, older.id, limit=2) == [third, second]
        assert await filed(drive, older.id, limit=2, before=second) == [first]
        assert await filed(drive, older.id, job_ids=("b",), dead=True) == [third]
        assert await drive.engine.failures.get("default", older.id) == older
        assert await told(drive) == ["opened", "opened"]

    async def test_only_runs_that_failed_for_good_are_in_one(self, engine: Engine, drive: Driver) -> None:
        await drive.submit()
        (cancelled,) = await drive.submit()
        worker = await drive.worker()
        await drive.settle(worker, await drive.claim_one(worker), Failed(RunError("exception", "again")))
        await engine.runs.cancel("default", [cancelled], now=drive.now)
        await roll_up(engine)
        assert await groups(drive) == []

    async def test_they_are_listed_by_when_they_failed_last_and_by_filters(self, drive: Driver) -> None:
        await fail(drive, failed(kind="KeyError"), job_id="a")
        between = drive.now
        await fail(drive, failed(), job_id="b")
        await fail(drive, failed(file="ship"), job_id="a")
        newest, middle, oldest = await groups(drive)
        assert await groups(drive, limit=1) == [newest]
        assert await groups(drive, before=(newest.last_at, newest.id)) == [middle, oldest]
        assert await groups(drive, kinds=("KeyError", "IndexError")) == [oldest]
        assert await groups(drive, job_ids=("a",)) == [newest, oldest]
        assert await groups(drive, job_ids=("a", "b")) == [newest, middle, oldest]
        assert await groups(drive, failed_after=between) == [newest, middle]
        assert await groups(drive, states=(GroupState.RESOLVED,)) == []

    async def test_a_resolved_group_is_opened_by_a_new_failure(self, drive: Driver) -> None:
        await fail(drive)
        resolved = await judge(drive, GroupState.RESOLVED, why="deployed")
        assert resolved is not None
        assert resolved == await only(drive)
        assert (resolved.state(drive.now), resolved.verdict.by, resolved.verdict.why) == ("resolved", "ann", "deployed")
        assert await groups(drive, states=(GroupState.OPEN, GroupState.SNOOZED)) == []
        assert await groups(drive, states=(GroupState.RESOLVED,)) == [resolved]
        await fail(drive)
        assert (await only(drive)).verdict == Verdict()
        assert (await only(drive)).count == 2
        assert await told(drive) == ["opened", "resolved", "reopened"]

    async def test_what_failed_before_it_was_resolved_and_is_counted_later_opens_nothing(
        self, engine: Engine, drive: Driver
    ) -> None:
        await fail(drive)
        await drive.submit()
        worker = await drive.worker()
        await drive.settle(worker, await drive.claim_one(worker), failed())
        drive.now += SECOND
        await judge(drive, GroupState.RESOLVED)
        await roll_up(engine)
        assert ((await only(drive)).count, (await only(drive)).state(drive.now)) == (2, "resolved")

    async def test_a_snooze_outlasts_failures_and_ends_by_itself(self, drive: Driver) -> None:
        await fail(drive)
        await judge(drive, GroupState.SNOOZED, until=drive.now + HOUR)
        await fail(drive)
        group = await only(drive)
        assert (group.count, group.state(drive.now)) == (2, GroupState.SNOOZED)
        assert await groups(drive, states=(GroupState.OPEN,)) == []
        assert await groups(drive, states=(GroupState.SNOOZED,)) == [group]
        drive.now += HOUR
        assert group.state(drive.now) is GroupState.OPEN
        assert await groups(drive, states=(GroupState.OPEN,)) == [group]
        assert await groups(drive, states=(GroupState.SNOOZED,)) == []

    async def test_it_can_be_opened_by_hand_and_an_unknown_one_is_not_there(
        self, engine: Engine, drive: Driver
    ) -> None:
        await fail(drive)
        await judge(drive, GroupState.RESOLVED)
        opened = await judge(drive, GroupState.OPEN)
        assert opened is not None
        assert opened.state(drive.now) is GroupState.OPEN
        assert await engine.failures.judge("default", "flg_none", Verdict(at=drive.now)) is None
        assert await engine.failures.get("default", "flg_none") is None

    async def test_domains_see_nothing_of_each_others_groups(self, engine: Engine, drive: Driver) -> None:
        await fail(drive)
        await fail(drive, domain="theirs")
        mine, (theirs,) = await only(drive), await groups(drive, domain="theirs")
        assert (mine.id, mine.count, theirs.count) == (theirs.id, 1, 1)
        await judge(drive, GroupState.RESOLVED)
        assert (await groups(drive, domain="theirs"))[0].state(drive.now) is GroupState.OPEN
        assert len(await filed(drive, theirs.id, domain="theirs")) == len(await filed(drive, mine.id)) == 1
        assert await engine.failures.get("nobody", mine.id) is None

    async def test_its_runs_go_with_history_and_it_goes_after_them(self, engine: Engine, drive: Driver) -> None:
        await fail(drive)
        group = await only(drive)
        assert await engine.runs.prune(drive.now + DAY, 10) == 1
        assert await filed(drive, group.id) == []
        assert await only(drive) == group
        assert await engine.failures.prune(group.last_at, 10) == 0
        assert await engine.failures.prune(group.last_at + 1, 10) == 1
        assert await groups(drive) == []
        assert await engine.failures.jobs("default", [group.id]) == {group.id: []}

    async def test_no_failure_is_lost_where_groups_are_judged_while_others_count(self, opener: Opener) -> None:
        async with opener() as one, opener() as other:
            drive = Driver(one)
            await fail(drive)
            group = await only(drive)
            for _ in range(8):
                await drive.submit()
            worker = await drive.worker()
            for claim in await drive.claim(worker, 8):
                await drive.settle(worker, claim, failed())

            async def judge_often() -> None:
                for _ in range(8):
                    await other.failures.judge("default", group.id, Verdict(state=GroupState.SNOOZED, at=drive.now))

            await asyncio.gather(roll_up(one, 2), judge_often())
            await roll_up(one)
            assert (await only(drive)).count == 9
