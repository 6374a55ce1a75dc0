"""Small values: kept apart, counted, changed one at a time, and for a run only while it is held."""

from __future__ import annotations

import asyncio

import pytest

from treadle.domain.errors import InvalidInput, LeaseLost
from treadle.domain.instants import DAY, HOUR, MINUTE
from treadle.domain.kv import MAX_KEYS, MAX_VALUE_BYTES, Add, Drop, Entry, Fence, Put, Scope, Space
from treadle.domain.outcomes import Released, Succeeded
from treadle.domain.progress import kept, read_progress, to_progress, told
from treadle.domain.runs import Claim
from treadle.engines.contract import Engine
from treadle.testing.conformance.opening import Opener
from treadle.testing.driver import Driver

JOB = Space("default", Scope.JOB, "job_report")


def fence(worker: str, claim: Claim) -> Fence:
    """That of a run's worker."""
    return Fence(worker, claim.id, claim.token)


class TestKv:
    async def test_a_value_is_what_it_was_given_last(self, engine: Engine) -> None:
        assert await engine.kv.get("default", Scope.JOB, ["job_report"], "cursor") == {}
        for value in (b'{"page":1}', b'{"page":2}'):
            assert await engine.kv.change(JOB, Put("cursor", value)) == value
        assert await engine.kv.get("default", Scope.JOB, ["job_report"], "cursor") == {"job_report": b'{"page":2}'}
        assert await engine.kv.change(JOB, Drop("cursor")) is None
        assert await engine.kv.change(JOB, Drop("cursor")) is None
        assert await engine.kv.find(JOB) == []

    async def test_null_is_a_value(self, engine: Engine) -> None:
        await engine.kv.change(JOB, Put("seen", b"null"))
        assert await engine.kv.get("default", Scope.JOB, ["job_report"], "seen") == {"job_report": b"null"}

    async def test_domains_scopes_and_owners_are_apart(self, engine: Engine) -> None:
        spaces = [
            JOB,
            Space("theirs", Scope.JOB, "job_report"),
            Space("default", Scope.RUN, "job_report"),
            Space("default", Scope.JOB, "job_other"),
        ]
        for number, space in enumerate(spaces):
            await engine.kv.change(space, Add("n", number))
        assert [(await engine.kv.find(space))[0].value for space in spaces] == [b"0", b"1", b"2", b"3"]
        both = await engine.kv.get("default", Scope.JOB, ["job_report", "job_other", "job_none"], "n")
        assert both == {"job_report": b"0", "job_other": b"3"}

    async def test_keys_are_listed_in_order_and_by_pages(self, engine: Engine, drive: Driver) -> None:
        for key in ("b", "B", "ä", "a"):
            await engine.kv.change(JOB, Put(key, b"1"), now=drive.now)
        listed = await engine.kv.find(JOB)
        assert listed == [Entry(key, b"1", drive.now) for key in ("B", "a", "b", "ä")]
        assert await engine.kv.find(JOB, after="B", limit=2) == listed[1:3]

    async def test_numbers_are_added_to_and_nothing_else(self, engine: Engine) -> None:
        assert [await engine.kv.change(JOB, Add("n", by)) for by in (1, 2.5, -10)] == [b"1", b"3.5", b"-6.5"]
        await engine.kv.change(JOB, Put("text", b'"3"'))
        with pytest.raises(InvalidInput, match="'text' is no number"):
            await engine.kv.change(JOB, Add("text", 1))
        assert await engine.kv.get("default", Scope.JOB, ["job_report"], "text") == {"job_report": b'"3"'}

    async def test_a_value_of_the_largest_size_is_kept_whole(self, engine: Engine) -> None:
        large = b'"' + "ä\\n".encode() * (MAX_VALUE_BYTES // 4 - 1) + b'"'
        await engine.kv.change(JOB, Put("large", large))
        assert (await engine.kv.find(JOB))[0].value == large

    async def test_one_space_holds_only_so_many_keys(self, engine: Engine) -> None:
        space, most = Space("default", Scope.RUN, "run_1"), MAX_KEYS[Scope.RUN]
        await asyncio.gather(*(engine.kv.change(space, Put(f"k{number}", b"1")) for number in range(most)))
        with pytest.raises(InvalidInput, match=f"of at most {most}"):
            await engine.kv.change(space, Put("more", b"1"))
        await engine.kv.change(space, Put("k0", b"2"))
        await engine.kv.change(space, Drop("k1"))
        await engine.kv.change(space, Add("more", 1))
        assert len(await engine.kv.find(space)) == most

    async def test_two_processes_lose_no_addition(self, opener: Opener) -> None:
        async with opener() as first, opener() as second:
            both = [engine.kv.change(JOB, Add("n", 1)) for engine in (first, second) for _ in range(25)]
            answers = await asyncio.gather(*both)
            assert sorted(int(answer or b"0") for answer in answers) == list(range(1, 51))


class TestKvFence:
    async def test_a_run_changes_values_only_while_it_is_held(self, engine: Engine, drive: Driver) -> None:
        await drive.submit()
        worker = await drive.worker(lease=HOUR)
        stale = await drive.claim_one(worker)
        assert await engine.kv.change(JOB, Add("n", 1), fence=fence(worker, stale), now=drive.now) == b"1"
        await drive.settle(worker, stale, Released())
        with pytest.raises(LeaseLost):
            await engine.kv.change(JOB, Add("n", 1), fence=fence(worker, stale), now=drive.now)
        claim = await drive.claim_one(worker)
        with pytest.raises(LeaseLost):
            await engine.kv.change(JOB, Add("n", 1), fence=fence(worker, stale), now=drive.now)
        assert await engine.kv.change(JOB, Add("n", 1), fence=fence(worker, claim), now=drive.now) == b"2"
        drive.now += HOUR
        with pytest.raises(LeaseLost):
            await engine.kv.change(JOB, Add("n", 1), fence=fence(worker, claim), now=drive.now)
        assert await engine.kv.get("default", Scope.JOB, ["job_report"], "n") == {"job_report": b"2"}

    async def test_progress_is_told_with_its_change_and_goes_with_the_run(self, engine: Engine, drive: Driver) -> None:
        (run_id,) = await drive.submit()
        worker = await drive.worker(lease=MINUTE)
        claim = await drive.claim_one(worker)
        progress = read_progress(3, 10, drive.now)
        space = Space("default", Scope.PROGRESS, run_id)
        event = told(progress, domain="default", run_id=run_id, job_id=claim.job_id)
        await engine.kv.change(space, kept(progress), fence=fence(worker, claim), event=event, now=drive.now)
        await engine.kv.change(Space("default", Scope.RUN, run_id), Put("seen", b"1"), now=drive.now)
        await engine.kv.change(JOB, Put("seen", b"1"), now=drive.now)
        stored = await engine.kv.get("default", Scope.PROGRESS, [run_id], "")
        assert {key: to_progress(value) for key, value in stored.items()} == {run_id: progress}
        (written,) = await engine.events.read("default", after=0, limit=10, types=["run.progress"])
        assert (written.subject, written.data) == (run_id, b'{"done":3,"total":10}')
        await drive.settle(worker, claim, Succeeded())
        await engine.runs.prune(drive.now + DAY, 10)
        assert await engine.kv.get("default", Scope.PROGRESS, [run_id], "") == {}
        assert await engine.kv.find(Space("default", Scope.RUN, run_id)) == []
        assert len(await engine.kv.find(JOB)) == 1

    async def test_a_change_that_is_refused_tells_nothing(self, engine: Engine, drive: Driver) -> None:
        (run_id,) = await drive.submit()
        event = told(read_progress(1, None, drive.now), domain="default", run_id=run_id, job_id="job_report")
        with pytest.raises(LeaseLost):
            await engine.kv.change(JOB, Put("a", b"1"), fence=Fence("wrk_none", run_id, 1), event=event, now=drive.now)
        assert await engine.events.read("default", after=0, limit=10, types=["run.progress"]) == []
        assert await engine.kv.find(JOB) == []
