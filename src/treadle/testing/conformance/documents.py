"""Documents: a version kept at each change, written with schedules and events or not at all."""

from __future__ import annotations

import pytest

from treadle.domain.errors import StaleVersion
from treadle.domain.events import NewEvent
from treadle.domain.instants import MINUTE
from treadle.engines.contract import Engine
from treadle.testing.driver import Driver, interval_schedule, saving


class TestDocuments:
    async def test_each_change_makes_a_version(self, engine: Engine, drive: Driver) -> None:
        first = await engine.documents.save(saving(drive.now, body=b"one"))
        drive.now += MINUTE
        second = await engine.documents.save(saving(drive.now, body=b"two"))
        assert (first.version, first.created_at, first.updated_at) == (1, drive.now - MINUTE, drive.now - MINUTE)
        assert (second.version, second.created_at, second.updated_at) == (2, drive.now - MINUTE, drive.now)
        assert await engine.documents.get("default", "job", "job_report") == second
        assert await engine.documents.versions("default", "job", "job_report", 9) == [second, first]
        assert await engine.documents.versions("default", "job", "job_report", 1) == [second]
        assert await engine.documents.versions("default", "job", "job_report", 9, upto=1) == [first]

    async def test_a_writer_who_saw_another_version_is_refused(self, engine: Engine, drive: Driver) -> None:
        event = NewEvent(domain="default", type="job.changed", subject="job_report", at=drive.now)
        schedule = interval_schedule(drive.now, every=MINUTE)
        with pytest.raises(StaleVersion):
            await engine.documents.save(saving(drive.now, schedule, expected=1, events=(event,)))
        assert await engine.documents.get("default", "job", "job_report") is None
        assert await engine.schedules.find("default") == []
        assert await engine.events.bounds() == (0, 0)

        await engine.documents.save(saving(drive.now, expected=0))
        await engine.documents.save(saving(drive.now, expected=1))
        for expected in (0, 1, 3):
            with pytest.raises(StaleVersion):
                await engine.documents.save(saving(drive.now, expected=expected))
        assert len(await engine.documents.versions("default", "job", "job_report", 9)) == 2

    async def test_a_document_is_written_with_its_schedules_and_events(self, engine: Engine, drive: Driver) -> None:
        event = NewEvent(domain="default", type="job.changed", subject="job_report", at=drive.now, data=b'{"by":"me"}')
        first = interval_schedule(drive.now, every=MINUTE, id="sch_1")
        second = interval_schedule(drive.now, every=MINUTE, id="sch_2")
        await engine.documents.save(saving(drive.now, first, second, events=(event,)))
        third = interval_schedule(drive.now, every=2 * MINUTE, id="sch_2")
        await engine.documents.save(saving(drive.now, third, replaces=(first, second)))
        assert await engine.schedules.find("default") == [third]
        (told,) = await engine.events.read("default", after=0, limit=9)
        assert (told.type, told.subject, told.n, told.data) == ("job.changed", "job_report", 0, b'{"by":"me"}')

    async def test_deleting_takes_schedules_along_and_keeps_versions(self, engine: Engine, drive: Driver) -> None:
        schedule = interval_schedule(drive.now, every=MINUTE)
        document = await engine.documents.save(saving(drive.now, schedule))
        event = NewEvent(domain="default", type="job.deleted", subject="job_report", at=drive.now)
        name = ("default", "job", "job_report")
        with pytest.raises(StaleVersion):
            await engine.documents.delete(*name, expected=2, schedule_ids=[schedule.id], events=[event])
        assert await engine.documents.get(*name) == document
        assert await engine.documents.delete(*name, expected=1, schedule_ids=[schedule.id], events=[event])
        assert await engine.documents.get(*name) is None
        assert await engine.schedules.find("default") == []
        assert await engine.documents.versions(*name, 9) == [document]
        assert not await engine.documents.delete(*name, schedule_ids=[schedule.id], events=[event])
        assert [told.type for told in await engine.events.read("default", after=0, limit=9)] == ["job.deleted"]

    async def test_a_version_number_is_not_given_out_again(self, engine: Engine, drive: Driver) -> None:
        await engine.documents.save(saving(drive.now))
        await engine.documents.delete("default", "job", "job_report")
        again = await engine.documents.save(saving(drive.now + 1, expected=0))
        assert (again.version, again.created_at) == (2, drive.now + 1)

    async def test_documents_are_listed_by_id_in_pages(self, engine: Engine, drive: Driver) -> None:
        for name in ("b", "c", "a"):
            await engine.documents.save(saving(drive.now, id=name))
        await engine.documents.save(saving(drive.now, id="d", kind="policy"))
        await engine.documents.save(saving(drive.now, id="e", domain="theirs"))
        assert [found.id for found in await engine.documents.find("default", "job")] == ["a", "b", "c"]
        assert [found.id for found in await engine.documents.find("default", "job", limit=2)] == ["a", "b"]
        assert [found.id for found in await engine.documents.find("default", "job", after="a", limit=1)] == ["b"]
        assert await engine.documents.get("default", "job", "e") is None
