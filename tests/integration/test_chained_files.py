"""Task files whose jobs name each other: they are defined and removed in an order that works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.scheduling import sqlite
from treadle.domain.errors import InvalidInput
from treadle.domain.jobs import parse_job
from treadle.services.jobs import Jobs
from treadle.services.sources import Declared, Sources
from treadle.system import SystemClock


def declared(job_id: str, **document: Any) -> Declared:
    return Declared(parse_job({"job_id": job_id, "type": "report", **document}), f"tasks/{job_id}.py:1")


async def test_the_order_of_files_does_not_matter(tmp_path: Path) -> None:
    async with sqlite(tmp_path, SystemClock()) as engine:
        jobs = Jobs(engine)
        sources = Sources(engine, jobs)
        chain = [declared("a", after=["b"]), declared("b", dependencies=["c"]), declared("c")]
        changes = await sources.sync_jobs("default", "tasks", chain)
        assert sorted(changes.defined) == ["a", "b", "c"]
        turned = [declared("c", after=["a"]), declared("a")]
        assert (await sources.sync_jobs("default", "tasks", turned)).removed == ("b",)
        assert [job.job_id async for job in jobs.all("default")] == ["a", "c"]
        assert sorted((await sources.sync_jobs("default", "tasks", [])).removed) == ["a", "c"]


async def test_a_job_that_cannot_be_defined_keeps_no_other_from_it(tmp_path: Path) -> None:
    async with sqlite(tmp_path, SystemClock()) as engine:
        jobs = Jobs(engine)
        sources = Sources(engine, jobs)
        files = [declared("a", dependencies=["nobody"]), declared("b", after=["a"]), declared("c")]
        changes = await sources.sync_jobs("default", "tasks", files)
        assert changes.defined == ("c",)
        assert [each.file for each in changes.refused] == ["tasks/a.py", "tasks/b.py"]
        assert changes.refused[0].message == (
            'the job "a" at tasks/a.py:1 cannot be defined: /dependencies/0: there is no job nobody'
        )
        assert (await sources.all("default"))[0].failures == changes.refused

        changes = await sources.sync_jobs("default", "tasks", [*files, declared("nobody")])
        assert sorted(changes.defined) == ["a", "b", "nobody"]
        assert changes.refused == ()

        changes = await sources.sync_jobs("default", "tasks", [declared("c", after=["gone"]), *files[:2]])
        assert [each.file for each in changes.refused] == ["tasks/c.py", "tasks/nobody.py"]
        assert changes.removed == ()
        assert [job.job_id async for job in jobs.all("default")] == ["a", "b", "c", "nobody"]
        assert (await jobs.get("default", "c")).chain.after == ()

        assert sorted((await sources.sync_jobs("default", "tasks", [])).removed) == ["a", "b", "c", "nobody"]


async def test_a_circle_of_files_is_named(tmp_path: Path) -> None:
    async with sqlite(tmp_path, SystemClock()) as engine:
        sources = Sources(engine, Jobs(engine))
        circle = [declared("a", after=["b"]), declared("b", after=["a"])]
        changes = await sources.sync_jobs("default", "tasks", [*circle, declared("c")])
        assert changes.defined == ("c",)
        assert sorted(each.file for each in changes.refused) == ["tasks/a.py", "tasks/b.py"]
        assert "make a circle: " in changes.refused[0].message


async def test_retries_by_a_rule_that_the_file_of_the_handler_does_not_have_are_refused(tmp_path: Path) -> None:
    async with sqlite(tmp_path, SystemClock()) as engine:
        jobs = Jobs(engine)
        ruled = declared("ruled", retry_policy={"strategy": "custom"})
        await Sources(engine, jobs).sync_jobs("default", "tasks", [ruled, declared("plain")])
        custom = {"retry_policy": {"strategy": "custom"}}
        for handler in ("ruled", "elsewhere"):
            await jobs.create("default", parse_job({"job_id": f"by-{handler}", "type": handler, **custom}))
        refused = r'^/retry_policy/strategy: .* write @job\("plain", retry=rule\)'
        with pytest.raises(InvalidInput, match=refused):
            await jobs.create("default", parse_job({"job_id": "by-plain", "type": "plain", **custom}))
        with pytest.raises(InvalidInput, match=refused):
            await jobs.replace("default", "plain", parse_job({"job_id": "plain", "type": "plain", **custom}))
