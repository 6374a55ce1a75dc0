"""A worker's machine is cut off from the database: it ends its runs before others take them, and comes back alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fault_proxy import fault_proxy
from tests.support.machines import Machine, machine
from tests.support.workers import Site, gone, open_lab, result
from treadle.domain.runs import State


@pytest.fixture
def elsewhere() -> Iterator[Machine]:
    with machine() as one:
        yield one


@pytest.mark.slow
async def test_a_worker_whose_cable_is_pulled_ends_its_runs_before_others_take_them(
    tmp_path: Path, postgres_url: str, elsewhere: Machine
) -> None:
    """Its connections to the database are half open, those for heartbeats and notices too: nobody tells either side."""
    site = Site(tmp_path, postgres_url)
    async with fault_proxy(postgres_url, elsewhere.gateway) as (_, way), open_lab(site) as lab:
        site.url = way
        with site.worker(*elsewhere.within, lease_sec=6, heartbeat_sec=0.5) as cut_off:
            run_id = await lab.submit("deaf.thread")
            word = await lab.told(run_id)
            elsewhere.pull()
            await gone(word.pid, patience=60)
            assert (await lab.read(run_id)).token == 1, "another had it before the first let go"
            async with lab.sweeping():
                await lab.until(run_id, lambda run: run.state is State.READY)
            elsewhere.plug()
            site.open_gate(run_id)
            run = await lab.finished(run_id, patience=60)
            assert (result(run), run.losses) == (2, 1), cut_off.said
            again = await lab.finished(await lab.submit("echo", inputs={"value": 5}))
            assert (result(again), again.worker_id) == (5, run.worker_id)
