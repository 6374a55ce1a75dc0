"""Events: one order, from any position on."""

from __future__ import annotations

from treadle.domain.events import Event, NewEvent
from treadle.domain.outcomes import Succeeded
from treadle.engines.contract import Engine
from treadle.testing.driver import Driver


def event(at: int, name: str = "job.changed", domain: str = "default") -> NewEvent:
    """An event of no run."""
    return NewEvent(domain=domain, type=name, subject="job_1", job_id="job_1", at=at, data=b'{"a":1}')


class TestEvents:
    async def test_an_event_is_read_as_it_was_written(self, engine: Engine, drive: Driver) -> None:
        await engine.events.append([event(drive.now)])
        (told,) = await engine.events.read("default", after=0, limit=9)
        assert (told.type, told.subject, told.job_id, told.n) == ("job.changed", "job_1", "job_1", 0)
        assert (told.domain, told.at, told.data) == ("default", drive.now, b'{"a":1}')

    async def test_a_reader_goes_on_from_its_position(self, engine: Engine, drive: Driver) -> None:
        await engine.events.append([event(drive.now + n) for n in range(5)])
        seen: list[Event] = []
        while page := await engine.events.read("default", after=seen[-1].seq if seen else 0, limit=2):
            seen += page
        assert [told.at - drive.now for told in seen] == [0, 1, 2, 3, 4]
        assert [told.seq for told in seen] == sorted({told.seq for told in seen})
        await engine.events.append([event(drive.now + 5)])
        (later,) = await engine.events.read("default", after=seen[-1].seq, limit=9)
        assert later.at == drive.now + 5

    async def test_events_are_chosen_by_name_and_by_prefix(self, engine: Engine, drive: Driver) -> None:
        names = ["job.changed", "job.deleted", "jobs", "run.lost"]
        await engine.events.append([event(drive.now, name) for name in names])
        for types, expected in [
            ((), names),
            (("job.",), ["job.changed", "job.deleted"]),
            (("job.deleted", "run."), ["job.deleted", "run.lost"]),
            (("job",), []),
        ]:
            told = await engine.events.read("default", after=0, limit=9, types=types)
            assert [one.type for one in told] == expected

    async def test_domains_do_not_see_each_other(self, engine: Engine, drive: Driver) -> None:
        await engine.events.append([event(drive.now), event(drive.now, domain="theirs"), event(drive.now)])
        assert len(await engine.events.read("default", after=0, limit=9)) == 2
        assert len(await engine.events.read("theirs", after=0, limit=9)) == 1

    async def test_one_who_serves_all_domains_reads_them_in_one_order(self, engine: Engine, drive: Driver) -> None:
        await engine.events.append([event(drive.now, domain=domain) for domain in ("a", "b", "a")])
        await engine.events.append([event(drive.now, "job.deleted", domain="b")])
        told = await engine.events.read(None, after=0, limit=9)
        assert [one.domain for one in told] == ["a", "b", "a", "b"]
        assert await engine.events.read(None, after=told[0].seq, limit=2) == told[1:3]
        assert await engine.events.read(None, after=0, limit=9, types=["job.deleted"]) == told[3:]

    async def test_bounds_are_the_oldest_and_the_newest(self, engine: Engine, drive: Driver) -> None:
        assert await engine.events.bounds() == (0, 0)
        await engine.events.append([event(drive.now, domain=domain) for domain in ("a", "b", "c")])
        first, _, last = [(await engine.events.read(domain, after=0, limit=1))[0].seq for domain in ("a", "b", "c")]
        assert await engine.events.bounds() == (first, last)

    async def test_a_runs_events_are_in_the_order_of_its_life(self, engine: Engine, drive: Driver) -> None:
        (run_id,) = await drive.submit()
        worker = await drive.worker()
        claim = await drive.claim_one(worker)
        await drive.settle(worker, claim, Succeeded())
        told = await engine.events.read("default", after=0, limit=9, types=["run."])
        assert [(one.n, one.type) for one in told] == [(1, "run.queued"), (2, "run.started"), (3, "run.completed")]
        assert {(one.subject, one.job_id, one.at) for one in told} == {(run_id, claim.job_id, drive.now)}
        assert told[1].data == b'{"attempt":1,"token":1}'
