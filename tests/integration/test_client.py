"""Submitting from Python, on the engine's file and over HTTP by the same words, with a real worker process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.api.process import Api, api_process
from tests.support.processes import PATIENCE_SECONDS
from tests.support.scheduling import define, sqlite
from treadle import AsyncClient, Client, RunNotCompleted
from treadle.domain.errors import InvalidInput, KeyReused, NotFound, PayloadTooLarge, QueueDraining, Unavailable
from treadle.domain.priority import Priority
from treadle.domain.queues import QueueState
from treadle.domain.runs import State
from treadle.engines.contract import Admission
from treadle.settings import Settings
from treadle.system import SystemClock

TASKS = """
from treadle import job

@job("add")
async def add(a, b=1):
    return {"sum": a + b}

@job("collect")
async def collect(ctx, order):
    paid = await ctx.wait_for("paid", {"order": order})
    return paid["by"]

@job("refuse", max_retries=0)
def refuse():
    raise ValueError("no")
"""


async def _define_jobs(folder: Path) -> None:
    async with sqlite(folder, SystemClock()) as engine:
        for name in ("add", "collect", "refuse"):
            await define(engine, name, executor=None, schedule=None, type=name, retry_policy={"max_retry": 0})


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("client")
    (folder / "tasks").mkdir()
    (folder / "tasks" / "sums.py").write_text(TASKS)
    asyncio.run(_define_jobs(folder))
    return Settings(data=str(folder), tasks=str(folder / "tasks"), max_payload_bytes=4_000)


@pytest.fixture(scope="module")
def worker(settings: Settings) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "treadle", "worker"],
        env={"PATH": "/usr/bin:/bin", "TREADLE_DATA": settings.data, "TREADLE_TASKS": settings.tasks},
    )
    yield
    process.terminate()
    assert process.wait(PATIENCE_SECONDS) == 0


@pytest.fixture(scope="module")
def api(settings: Settings) -> Iterator[Api]:
    with api_process(Path(settings.data), {"TREADLE_MAX_PAYLOAD_BYTES": "4000"}) as api:
        yield api


@pytest.fixture(params=["database", "server"])
def where(request: pytest.FixtureRequest, settings: Settings) -> dict[str, Any]:
    """How a client is told where to go: by either door its words are to mean the same."""
    if request.param == "database":
        return {"where": settings}
    announced = request.getfixturevalue("api").announced
    return {"where": announced["url"], "token": announced["token"]}


@pytest.fixture
def mark(where: dict[str, Any]) -> str:
    """What makes keys those of one door: both lead to the same installation."""
    return "over http" if "token" in where else "on the engine"


@pytest.mark.usefixtures("worker")
def test_a_script_submits_and_gets_the_result(where: dict[str, Any]) -> None:
    with Client(**where) as client:
        run_id = client.enqueue("add", {"a": 2, "b": 3})
        assert client.result(run_id, timeout=30) == {"sum": 5}
        assert client.get(run_id).cause in ("client", "api")


@pytest.mark.usefixtures("worker")
def test_a_run_that_failed_has_no_result_but_says_why(where: dict[str, Any]) -> None:
    with Client(**where) as client:
        run_id = client.enqueue("refuse")
        with pytest.raises(RunNotCompleted, match="failed: no") as caught:
            client.result(run_id, timeout=30)
        assert caught.value.run.error is not None
        assert caught.value.run.error.type == "ValueError"


def test_a_result_that_is_not_there_in_time_is_missed_in_words(where: dict[str, Any]) -> None:
    with Client(**where) as client:
        run_id = client.enqueue("add", {"a": 2, "b": 3}, delay=3600)
        for ask in (client.result, client.wait):
            with pytest.raises(TimeoutError, match=f"^{run_id} has not ended within 0.01 s, and goes on$"):
                ask(run_id, timeout=0.01)
        client.cancel(run_id)


@pytest.mark.usefixtures("worker")
async def test_many_runs_are_submitted_in_one_transaction_and_in_order(where: dict[str, Any]) -> None:
    async with AsyncClient(**where) as client, asyncio.timeout(30):
        run_ids = await client.enqueue_many("add", [{"a": number} for number in range(50)])
        results = [await client.result(run_id) for run_id in run_ids]
    assert results == [{"sum": number + 1} for number in range(50)]


async def test_of_many_runs_the_wrong_one_is_named(where: dict[str, Any]) -> None:
    async with AsyncClient(**where) as client:
        with pytest.raises(InvalidInput, match=r"^/inputs/1/flow_group: "):
            await client.enqueue_many("add", [{"a": 1}, {"a": 1, "flow_group": "x"}])


@pytest.mark.parametrize("one", ["run_1", {"run": "run_1"}])
async def test_one_parent_in_the_place_of_a_list_is_told_as_such(where: dict[str, Any], one: Any) -> None:
    async with AsyncClient(**where) as client:
        with pytest.raises(InvalidInput, match=r"^/depends_on: expected `array`, got"):
            await client.enqueue("add", {"a": 1}, depends_on=one)


@pytest.mark.usefixtures("worker")
async def test_a_run_waits_for_its_parents_and_a_group_for_its_members(where: dict[str, Any]) -> None:
    async with AsyncClient(**where) as client, asyncio.timeout(30):
        first = await client.enqueue("add", {"a": 1})
        child = await client.enqueue("add", {"a": 2}, depends_on=[{"run": first, "if": {"path": "/sum", "equals": 2}}])
        other = await client.enqueue("add", {"a": 3}, depends_on=[{"run": first, "if": {"path": "/sum", "equals": 3}}])
        assert await client.result(child) == {"sum": 3}
        assert (await client.wait(other)).state is State.SKIPPED
        group = await client.enqueue_group("add", [{"a": n} for n in range(20)], then="add", then_inputs={"a": 7})
        assert await client.result(group.run_id) == {"sum": 8}
        assert {(await client.get(run_id)).state for run_id in group.members} == {State.COMPLETED}
        failed = await client.enqueue("refuse")
        assert (await client.wait(await client.enqueue("add", {"a": 1}, depends_on=[failed]))).state is State.CANCELLED


@pytest.mark.usefixtures("worker")
async def test_an_event_wakes_the_run_that_waits_for_it(where: dict[str, Any], mark: str) -> None:
    async with AsyncClient(**where) as client, asyncio.timeout(30):
        run_id = await client.enqueue("collect", {"order": 17})
        while (await client.get(run_id)).state is not State.BLOCKED:  # noqa: ASYNC110 - the client waits for ends only
            await asyncio.sleep(0.02)
        assert await client.publish("paid", {"order": 18}) == 0
        assert await client.publish("paid", {"order": 17, "by": "card"}, key=f"payment-1 {mark}") == 1
        assert await client.publish("paid", {"order": 17, "by": "card"}, key=f"payment-1 {mark}") == 0
        with pytest.raises(KeyReused):
            await client.publish("paid", {"order": 19}, key=f"payment-1 {mark}")
        with pytest.raises(InvalidInput):
            await client.publish("not a name")
        assert await client.result(run_id) == "card"


def test_sync_code_publishes_with_the_same_words(where: dict[str, Any], mark: str) -> None:
    with Client(**where) as client:
        assert client.publish("paid", {"order": 20}, source="shop", key=f"payment-2 {mark}") == 0


async def test_a_key_names_the_same_run_and_no_other_call(where: dict[str, Any], mark: str) -> None:
    async with AsyncClient(**where) as client:
        first = await client.enqueue("add", {"a": 1}, key=f"once {mark}", delay=3600)
        assert await client.enqueue("add", {"a": 1}, key=f"once {mark}", delay=3600) == first
        with pytest.raises(KeyReused):
            await client.enqueue("add", {"a": 2}, key=f"once {mark}", delay=3600)


async def test_a_run_that_waits_is_cancelled_at_once(where: dict[str, Any]) -> None:
    async with AsyncClient(**where) as client:
        run_id = await client.enqueue("add", {"a": 1}, delay=3600, priority=Priority.HIGH)
        waiting = await client.get(run_id)
        assert (waiting.state, waiting.priority) == (State.SCHEDULED, Priority.HIGH)
        assert await client.cancel(run_id) is State.CANCELLED
        assert (await client.wait(run_id)).state is State.CANCELLED


def test_before_the_first_start_the_way_to_it_is_shown(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    with (
        pytest.raises(Unavailable, match=f"there is no folder {nothing}: `treadle up` makes it"),
        Client(Settings(data=str(nothing))),
    ):
        pass


async def test_what_cannot_be_submitted_is_refused_at_once(where: dict[str, Any]) -> None:
    async with AsyncClient(**where) as client:
        with pytest.raises(NotFound, match="there is no job ad"):
            await client.enqueue("ad")
        with pytest.raises(NotFound, match="there is no run"):
            await client.cancel("run_unknown")
        with pytest.raises(PayloadTooLarge):
            await client.enqueue("add", {"a": "x" * 5_000})
        for key in ("", "\N{LATIN SMALL LETTER U WITH DIAERESIS}", "a\r\nX-Evil: 1", "x" * 256, 7):
            with pytest.raises(InvalidInput, match="is no idempotency key: 1 to 255 printable ASCII"):
                await client.enqueue("add", {"a": 1}, key=key)  # type: ignore[arg-type]
        with pytest.raises(InvalidInput, match=r"/inputs: expected `object`, got `array`"):
            await client.enqueue("add", ["a"])  # type: ignore[arg-type]
        with pytest.raises(InvalidInput, match=r"/inputs/1: expected `object`, got `array`"):
            await client.enqueue_many("add", [{"a": 1}, ["a"]])  # type: ignore[list-item]
        with pytest.raises(InvalidInput, match=r"/inputs/0: expected `object`, got `str`"):
            await client.enqueue_group("add", ["a"], then="add")  # type: ignore[list-item]
        with pytest.raises(InvalidInput):
            await client.enqueue("add", {"a": 1}, delay=-1)
        for number in (float("nan"), float("inf")):  # they would become null, and the run another than was asked for
            with pytest.raises(InvalidInput, match=r"/inputs/a/0: .* is no number that JSON has"):
                await client.enqueue("add", {"a": [number]})
            with pytest.raises(InvalidInput, match=r"/inputs/1/a: .* is no number that JSON has"):
                await client.enqueue_many("add", [{"a": 1}, {"a": number}])


async def test_a_draining_queue_refuses_one_run_and_many(settings: Settings, where: dict[str, Any]) -> None:
    async with AsyncClient(**where) as client, sqlite(Path(settings.data), SystemClock()) as engine:
        await engine.queues.switch(settings.domain, "default", QueueState.DRAINING)
        try:
            with pytest.raises(QueueDraining, match="queue default is draining"):
                await client.enqueue("add", {"a": 1})
            with pytest.raises(QueueDraining):
                await client.enqueue_many("add", [{"a": 1}, {"a": 2}])
        finally:
            await engine.queues.switch(settings.domain, "default", QueueState.OPEN)


async def test_messages_are_put_found_and_discarded(where: dict[str, Any], mark: str) -> None:
    async with AsyncClient(**where) as client:
        first = await client.put_message("parcel", {"n": 1}, key="a", dedupe_key=f"one {mark}")
        assert await client.put_message("parcel", {"n": 1}, key="a", dedupe_key=f"one {mark}") == first
        with pytest.raises(KeyReused):
            await client.put_message("parcel", {"n": 2}, key="a", dedupe_key=f"one {mark}")
        ids = [first, *await client.put_messages([{"type": "parcel", "payload": n} for n in range(2)])]
        assert [message.id for message in await client.find_messages(types=["parcel"])] == ids[::-1]
        assert (await client.get_message(first)).payload == b'{"n":1}'
        assert await client.retry_messages(ids) == frozenset()
        assert await client.discard_messages(ids) == set(ids)
        with pytest.raises(NotFound):
            await client.get_message(first)


async def test_a_duplicate_is_answered_the_run_that_stands(where: dict[str, Any]) -> None:
    async with AsyncClient(**where) as client:
        late = datetime.now(UTC) + timedelta(hours=1)
        unique = {"key": "{a}"}
        first = await client.enqueue("add", {"a": 77}, scheduled_for=late, unique=unique, priority="urgent")
        assert await client.enqueue("add", {"a": 77}, unique=unique) == first
        again = await client.submit("add", {"a": 77}, unique=unique)
        assert (again.run_id, again.admission) == (first, Admission.DUPLICATE)
        run = await client.get(first)
        assert (run.state, run.priority) == (State.SCHEDULED, Priority.CRITICAL)
        with pytest.raises(InvalidInput, match="/unique/key"):
            await client.enqueue("add", {"a": 77}, unique={"key": "a"})
        with pytest.raises(InvalidInput, match="/unique"):
            await client.enqueue("add", {"a": 77}, unique=True)  # type: ignore[arg-type]
        assert await client.cancel(first) is State.CANCELLED


async def test_messages_that_cannot_be_stored_are_refused(where: dict[str, Any]) -> None:
    async with AsyncClient(**where) as client:
        with pytest.raises(InvalidInput, match="/1/payload/x"):
            await client.put_messages(
                [{"type": "parcel", "payload": 1}, {"type": "parcel", "payload": {"x": object()}}]
            )
        with pytest.raises(PayloadTooLarge):
            await client.put_message("parcel", "x" * 4_000)
        assert await client.find_messages(types=["parcel"]) == []


def test_sync_code_puts_messages_with_the_same_words(where: dict[str, Any]) -> None:
    with Client(**where) as client:
        (message_id,) = client.put_messages([{"type": "letter", "payload": None}])
        assert client.get_message(message_id).id == message_id
        assert [message.id for message in client.find_messages(types=["letter"], limit=1)] == [message_id]
        assert client.put_message("letter", 1) != message_id
        assert client.retry_messages([message_id]) == frozenset()
        assert client.discard_messages([message_id]) == {message_id}
