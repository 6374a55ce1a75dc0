"""The way to PostgreSQL fails: around a commit, in the middle of an answer, without a word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.fault_proxy import Cut, FaultProxy, fault_proxy
from tests.support.workers import Lab, Site, gone, open_lab, result
from treadle.domain.errors import Unavailable
from treadle.domain.instants import DAY
from treadle.domain.outcomes import Succeeded
from treadle.domain.runs import RunKey, State
from treadle.engines.contract import Admission
from treadle.engines.postgres.engine import PostgresEngine, open_postgres
from treadle.testing.driver import Driver, new_run

MOST_MESSAGES = 40
"""More than any of the calls below sends."""


@asynccontextmanager
async def behind_a_proxy(url: str) -> AsyncIterator[tuple[FaultProxy, PostgresEngine]]:
    """An engine that reaches its database by one connection for everything but heartbeats and notices."""
    async with fault_proxy(url) as (proxy, way):
        engine = await open_postgres(f"{way}&connections=1")
        try:
            yield proxy, engine
        finally:
            await engine.close()


@pytest.mark.parametrize("delivered", [True, False], ids=["its answer", "its call"])
async def test_a_submit_whose_connection_is_cut_is_accepted_once_under_its_key(
    postgres_url: str, *, delivered: bool
) -> None:
    """Cut at each of its messages in turn: what came of it is not known, and the same key finds out."""
    async with behind_a_proxy(postgres_url) as (proxy, engine):
        drive = Driver(engine)
        await drive.submit()  # statements are prepared, lines known
        admissions = []
        for at in range(1, MOST_MESSAGES):
            key = RunKey(scope="test", key=str(at), body_hash="", expires_at=drive.now + DAY)
            proxy.cut = cut = Cut(at, delivered=delivered)
            try:
                await engine.runs.enqueue([new_run(drive.now, key=key)])
            except Unavailable:
                assert cut.done.is_set()
            proxy.cut = None
            (again,) = await engine.runs.enqueue([new_run(drive.now, key=key)])
            admissions.append(again.admission)
            if not cut.done.is_set():
                break
        assert (await engine.runs.counts("default"))[State.READY] == 1 + len(admissions)
        was_stored = Admission.EXISTING in admissions[:-1]
        assert was_stored is delivered, admissions
        assert admissions[-1] is Admission.EXISTING  # that one was not cut at all


@pytest.mark.parametrize("delivered", [True, False], ids=["its answer", "its call"])
async def test_a_settle_whose_connection_is_cut_counts_once(postgres_url: str, *, delivered: bool) -> None:
    """Cut at each of its messages in turn, and made again as it was: neither refused nor applied twice."""
    async with behind_a_proxy(postgres_url) as (proxy, engine):
        drive = Driver(engine)
        worker = await drive.worker(lease=DAY)
        for at in range(1, MOST_MESSAGES):
            (run_id,) = await drive.submit()
            claim = await drive.claim_one(worker)
            done = [drive.outcome(claim, Succeeded(), worker)]
            proxy.cut = cut = Cut(at, delivered=delivered)
            try:
                await engine.runs.step(worker, done, 0)
            except Unavailable:
                assert cut.done.is_set()
            proxy.cut = None
            assert (await engine.runs.step(worker, done, 0)).refused == ()
            assert await drive.told(run_id) == ["run.queued", "run.started", "run.completed"]
            if not cut.done.is_set():
                return
        pytest.fail("every message of the call was cut, and there are more")


async def test_a_call_cancelled_in_the_middle_of_its_answer_spoils_no_other(postgres_url: str) -> None:
    """What comes too late for one call is never taken for the answer to the next."""
    async with behind_a_proxy(postgres_url) as (proxy, engine):
        drive = Driver(engine)
        ids = await drive.submit(20)
        for run_id in ids:
            proxy.delay = 0.05
            proxy.answered.clear()
            call = asyncio.create_task(engine.runs.get("default", [run_id]))
            await proxy.answered.wait()
            call.cancel()
            proxy.delay = 0
            assert [run.id for run in await engine.runs.get("default", ids[:1])] == ids[:1]
        assert (await engine.runs.counts("default"))[State.READY] == 20


@pytest.fixture
async def proxied(tmp_path: Path, postgres_url: str) -> AsyncIterator[tuple[FaultProxy, Site, Lab]]:
    """A site whose workers reach the database by a proxy; the test's own hand on it goes straight."""
    site = Site(tmp_path, postgres_url)
    async with fault_proxy(postgres_url) as (proxy, way), open_lab(site) as lab:
        site.url = way
        yield proxy, site, lab


async def test_a_worker_behind_half_open_connections_ends_its_runs_before_others_take_them(
    proxied: tuple[FaultProxy, Site, Lab],
) -> None:
    proxy, site, lab = proxied
    lease = 6.0
    with site.worker(lease_sec=lease, heartbeat_sec=0.5) as cut_off:
        run_id = await lab.submit("deaf.thread")
        word = await lab.told(run_id)
        proxy.hush()
        await gone(word.pid, patience=60)
        assert (await lab.read(run_id)).token == 1, "another had it before the first let go"
        async with lab.sweeping():
            taken = await lab.until(run_id, lambda run: run.state is State.READY)
        assert taken.losses == 1
        proxy.heal()
        site.open_gate(run_id)
        assert result(await lab.finished(run_id)) == 2  # by the same worker's next process, which found its way back
        assert "leases could not be renewed" in cut_off.said
