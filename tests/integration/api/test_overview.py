"""What needs somebody, and the first steps: both are read from what there is."""

from __future__ import annotations

from typing import Any

from tests.integration.api.server import Hands, Server
from tests.integration.api.test_stats import NO, end, get
from treadle.domain.instants import SECOND
from treadle.domain.outcomes import Succeeded
from treadle.domain.workers import Role, WorkerSpec
from treadle.scheduler.depths import Depths
from treadle.services.demo import define_demo
from treadle.testing.driver import new_id


async def concerns(server: Server) -> list[tuple[str, str, int]]:
    told = await get(server, "/overview/attention")
    return [(each["matter"], each["subject"], each["count"]) for each in told["items"]]


async def steps(server: Server) -> dict[str, Any]:
    told = await get(server, "/overview/first-steps")
    return {each["step"]: each["subject"] or each["done"] for each in told["items"]}


async def schedule_and_work(server: Server) -> None:
    """Let a scheduler and a worker be there."""
    spec = WorkerSpec(
        id=new_id("sch"),
        host="ant",
        pid=1,
        slots=0,
        requires=frozenset(),
        version="0",
        role=Role.SCHEDULER,
    )
    await server.engine.workers.register(spec, 60 * SECOND)
    await Hands(server.engine, new_id("wkr")).register()


async def test_what_is_missing_comes_first_and_what_is_well_is_not_told(server: Server) -> None:
    assert [matter for matter, *_ in await concerns(server)] == ["no_scheduler", "no_worker"]
    await schedule_and_work(server)
    assert await concerns(server) == []


async def test_a_failing_job_a_paused_queue_and_dead_letters_are_told(server: Server) -> None:
    await schedule_and_work(server)
    *_, newest = await end(server, Succeeded(), NO, NO)
    await server.client.post("/queues/default/pause")
    assert await concerns(server) == [
        ("failing_job", "report", 2),
        ("paused_queue", "default", 0),
        ("dead_letters", "", 2),
    ]
    failing = (await get(server, "/overview/attention"))["items"][0]
    assert (failing["run_id"], failing["said"]) == (newest, "no")


async def test_a_failure_whose_job_is_well_again_stands_as_its_group_until_it_is_resolved(server: Server) -> None:
    await schedule_and_work(server)
    await end(server, NO, Succeeded())
    (group,) = (await get(server, "/failure-groups"))["items"]
    assert ("failure_group", group["group_id"], 1) in await concerns(server)
    await server.client.post(f"/failure-groups/{group['group_id']}/resolve")
    assert [matter for matter, *_ in await concerns(server)] == ["dead_letters"]


async def test_first_steps_are_done_by_what_is_there_and_the_demo_is_nobodys_own(server: Server) -> None:
    await define_demo(server.engine, server.services.jobs, "default")
    assert await steps(server) == {"server": False, "run": False, "job": False, "schedule": False}
    await schedule_and_work(server)
    (run_id,) = await end(server, Succeeded())
    assert await steps(server) == {"server": True, "run": run_id, "job": "report", "schedule": False}
    for number in range(25):
        await server.create_job(job_id=f"quiet-{number}")
    await server.create_job(job_id="tick", schedule={"interval_sec": 3600})
    assert (await steps(server))["schedule"] == "tick"  # however many do not run by themselves


async def test_a_series_of_a_queue_tells_how_many_waited_in_it(server: Server) -> None:
    await server.create_job(queue="mail")
    for _ in range(3):
        await server.submit()
    await Depths(server.engine)()
    for queue, depth in (("mail", 3), ("default", 0)):
        told = await get(server, "/stats/timeseries", queue=queue, bucket="minute")
        assert max(item["depth"] for item in told["items"]) == depth
