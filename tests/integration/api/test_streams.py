"""Streams of events and logs: nothing lost, nothing twice, nobody waits for ever."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.api.server import Hands, Server, serving
from tests.integration.api.streams import Message, parse, read_all, stalled, stream, take
from tests.support.executions import until
from treadle.api.sse import EventStream, StreamLimits
from treadle.domain.events import NewEvent
from treadle.domain.json import encode
from treadle.services.events import MOST_PAGES, PAGE, event_filter


def noise(count: int, *, size: int = 0, kind: str = "user.noise") -> list[NewEvent]:
    data = encode({"x": "x" * size})
    return [NewEvent(domain="default", type=kind, subject=f"s{n}", at=n, data=data) for n in range(count)]


def open_streams() -> int:
    return sum(
        getattr(task.get_coro(), "__qualname__", "") == EventStream._write.__qualname__ for task in asyncio.all_tasks()
    )


async def test_a_stream_tells_what_happens_from_now_on(server: Server) -> None:
    await server.create_job()
    async with stream(server.client, "/events") as messages:
        run_id = (await server.submit())["run_id"]
        (message,) = await take(messages, 1)
        assert (message.event, message.data["subject"], message.id) == ("run.queued", run_id, message.data["seq"])
        assert message.data["n"] == 1


async def test_a_stream_is_filtered_by_topic_job_and_run(server: Server) -> None:
    await server.create_job()
    await server.create_job(job_id="other")
    async with (
        stream(server.client, "/events", topics="job,run.cancelled", after=0) as topics,
        stream(server.client, "/events", job="other", after=0) as jobs,
    ):
        await server.submit()
        run_id = (await server.submit("other"))["run_id"]
        async with stream(server.client, "/events", run=run_id, after=0) as runs:
            await server.client.post(f"/runs/{run_id}/cancel")
            assert [each.event for each in await take(topics, 3)] == ["job.created", "job.created", "run.cancelled"]
            assert [each.event for each in await take(jobs, 3)] == ["job.created", "run.queued", "run.cancelled"]
            assert [each.event for each in await take(runs, 2)] == ["run.queued", "run.cancelled"]


async def test_a_reader_whose_place_is_no_longer_kept_is_told(server: Server) -> None:
    await server.engine.events.append(noise(10))
    await server.engine.events.prune(5, 100)
    async with stream(server.client, "/events", last=2) as messages:
        reset, first = await take(messages, 2)
    assert (reset.event, reset.id, reset.data) == ("reset", 5, {"after": 5})
    assert first.id == 6
    async with stream(server.client, "/events", last=5) as messages:
        assert (await take(messages, 1))[0].id == 6
    async with stream(server.client, "/events", after=0) as messages:  # all that is kept: nothing is missing
        assert (await take(messages, 1))[0].id == 6
    async with stream(server.client, "/events", last=4_711) as messages:  # of another database, or of a backup
        assert (await take(messages, 1))[0].event == "reset"


async def test_what_is_removed_before_a_slow_reader_gets_there_is_told(server: Server) -> None:
    await server.engine.events.append(noise(1_000))
    following = server.services.events.follow("default", event_filter(), 10, patience=0.1)
    first = await anext(following)
    assert (first.reset, first.events[0].seq, first.upto < 500) == (False, 11, True)
    await server.engine.events.prune(500, 1_000)
    second = await anext(following)
    assert (second.reset, second.events[0].seq) == (True, 501)
    assert not (await anext(following)).reset


@pytest.mark.parametrize("after", [2, 4_711])
async def test_a_page_tells_of_what_is_missing_as_a_stream_does(server: Server, after: int) -> None:
    await server.engine.events.append(noise(10))
    await server.engine.events.prune(5, 100)
    page = (await server.client.get("/events", params={"after": after, "limit": 1})).json()
    assert (page["reset"], page["items"][0]["seq"], page["next_cursor"]) == (True, 6, 6)
    assert not (await server.client.get("/events", params={"after": 6})).json()["reset"]


async def test_a_topic_is_a_type_or_a_family_in_one_or_in_many(server: Server) -> None:
    kinds = ["run.failed", "run.lost", "queue.paused", "worker.draining", "message.received", "schedule.paused"]
    await server.engine.events.append([noise(1, kind=kind)[0] for kind in kinds])

    async def found(*topics: str) -> list[str]:
        items = (await server.client.get("/events", params={"topics": topics})).json()["items"]
        return [item["type"] for item in items]

    assert await found("runs") == await found("run") == ["run.failed", "run.lost"]
    assert await found("runs.failed,queues", "workers") == ["run.failed", "queue.paused", "worker.draining"]
    assert await found("messages,schedules") == ["message.received", "schedule.paused"]
    for wrong in ("", "rums", "run.", "*", "run,,job", "run.foo", "runs.fail"):
        refused = await server.client.get("/events", params={"topics": wrong})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/query/topics"), wrong
    run_id = (await server.create_job() and await server.submit())["run_id"]
    accept = {"Accept": "text/event-stream"}
    for path in ("/events?limit=3", f"/runs/{run_id}/logs?follow=true&limit=3"):
        refused = await server.client.get(path, headers=accept)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/query/limit")


async def test_a_page_of_events_goes_on_where_it_ended(server: Server) -> None:
    await server.engine.events.append(noise(5))
    await server.engine.events.append(noise(1_200, kind="source.noise"))
    await server.engine.events.append(noise(2))
    seen, after = [], 0
    while True:
        page = (await server.client.get("/events", params={"topics": "user", "after": after, "limit": 3})).json()
        seen += [event["seq"] for event in page["items"]]
        after = page["next_cursor"]
        if not page["has_more"]:
            break
    assert seen == [1, 2, 3, 4, 5, 1206, 1207]
    assert after == 1207


async def test_a_filter_that_nothing_passes_reads_a_long_log_in_parts(server: Server) -> None:
    total = MOST_PAGES * PAGE + 200
    await server.engine.events.append(noise(total))
    first = (await server.client.get("/events", params={"topics": "user.nothing"})).json()
    assert (first["items"], first["next_cursor"], first["has_more"]) == ([], MOST_PAGES * PAGE, True)
    rest = (await server.client.get("/events", params={"topics": "user.nothing", "after": first["next_cursor"]})).json()
    assert (rest["items"], rest["next_cursor"], rest["has_more"]) == ([], total, False)


async def test_a_silent_stream_says_that_it_is_alive(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, StreamLimits(keep_alive_sec=0.2)) as server,
        stream(server.client, "/events") as messages,
    ):
        assert await take(messages, 2) == [Message(":", 0, "keep-alive")] * 2


async def test_a_reader_is_told_how_far_the_log_was_looked_through_for_it(tmp_path: Path) -> None:
    """Else one for whom there is seldom anything would come back with an old position, and look through all again."""
    async with (
        serving(tmp_path, StreamLimits(keep_alive_sec=0.2)) as server,
        stream(server.client, "/events", topics="user.nothing") as messages,
    ):
        await server.engine.events.append(noise(7))
        async for message in messages:
            assert message.event == ":"
            if message.id == 7:
                break


async def test_the_log_of_a_run_is_followed_until_it_has_ended(server: Server) -> None:
    await server.create_job()
    run_id = (await server.submit())["run_id"]
    hands = Hands(server.engine)
    await hands.register()
    (claim,) = await hands.claim()
    await hands.say(claim, "one", "two")
    async with stream(server.client, f"/runs/{run_id}/logs", follow=1) as messages:
        assert [each.data["message"] for each in await take(messages, 2)] == ["one", "two"]
        await hands.say(claim, "three")
        assert (await take(messages, 1))[0].data["message"] == "three"
        await hands.settle(claim)
        await hands.say(claim, "said a little behind")
        rest = [message async for message in messages]
    assert [(each.event, each.data.get("message")) for each in rest] == [("log", "said a little behind"), ("end", None)]
    assert rest[-1].data == {"run_id": run_id, "status": "completed"}


async def test_a_log_is_taken_up_again_at_the_last_line_seen(server: Server) -> None:
    await server.create_job()
    run_id = (await server.submit())["run_id"]
    hands = Hands(server.engine)
    await hands.register()
    (claim,) = await hands.claim()
    await hands.say(claim, *(f"line {n}" for n in range(1_200)))
    await hands.settle(claim)
    async with stream(server.client, f"/runs/{run_id}/logs", follow=1) as messages:
        first = await take(messages, 700)
    async with stream(server.client, f"/runs/{run_id}/logs", follow=1, last=first[-1].id) as messages:
        rest = [message async for message in messages]
    assert [each.data["message"] for each in (*first, *rest[:-1])] == [f"line {n}" for n in range(1_200)]
    async with stream(server.client, f"/runs/{run_id}/logs", follow=1, after=first[-1].id or 0) as messages:
        assert [message async for message in messages] == rest


async def test_a_log_is_paged_on_the_same_cursor(server: Server) -> None:
    await server.create_job()
    run_id = (await server.submit())["run_id"]
    hands = Hands(server.engine)
    await hands.register()
    (claim,) = await hands.claim()
    await hands.say(claim, "one", "two", "three")
    page = (await server.client.get(f"/runs/{run_id}/logs", params={"limit": 2})).json()
    assert ([line["message"] for line in page["items"]], page["has_more"]) == (["one", "two"], True)
    page = (await server.client.get(f"/runs/{run_id}/logs", params={"after": page["next_cursor"]})).json()
    assert ([line["message"] for line in page["items"]], page["has_more"]) == (["three"], False)
    assert (page["items"][0]["stream"], page["items"][0]["level"], page["items"][0]["attempt"]) == ("stdout", "info", 1)
    empty = (await server.client.get(f"/runs/{run_id}/logs", params={"after": page["next_cursor"]})).json()
    assert (empty["items"], empty["next_cursor"]) == ([], page["next_cursor"])


async def test_a_client_that_leaves_ends_its_stream(server: Server) -> None:
    async with stream(server.client, "/events"):
        await until(lambda: open_streams() == 1)
    await until(lambda: open_streams() == 0)


async def test_a_reader_that_takes_nothing_is_evicted_and_can_come_back(tmp_path: Path) -> None:
    count, size = 2_000, 8_000  # more than all buffers between the two hold
    async with serving(tmp_path, StreamLimits(patience_sec=0.3)) as server:
        await server.engine.events.append(noise(count, size=size))
        slow = await stalled(server.listening.url, server.listening.token.value)
        await until(lambda: open_streams() == 1)
        await until(lambda: open_streams() == 0)
        seen = parse(await read_all(slow))
        got = [message.id for message in seen if message.event == "user.noise"]
        assert 0 < len(got) < count
        async with stream(server.client, "/events", last=got[-1]) as messages:
            rest = await take(messages, count - len(got))
        assert [*got, *(message.id for message in rest)] == list(range(1, count + 1))


async def test_a_stream_that_stalls_does_not_hold_up_the_end_of_the_server(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    await server.engine.events.append(noise(2_000, size=8_000))
    with closing(await stalled(server.listening.url, server.listening.token.value)):
        await until(lambda: open_streams() == 1)
        server.stopping.set()
        await server.ended
    assert [record for record in caplog.records if record.exc_info] == []


async def test_an_open_stream_does_not_hold_up_the_end_of_the_server(server: Server) -> None:
    loop = asyncio.get_running_loop()
    async with stream(server.client, "/events") as events:
        began = loop.time()
        server.stopping.set()
        assert [message async for message in events] == []
        await server.ended
        assert loop.time() - began < 2


async def test_a_run_that_is_removed_meanwhile_ends_its_stream_with_the_reason(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.create_job()
    run_id = (await server.submit())["run_id"]
    async with stream(server.client, f"/runs/{run_id}/logs", follow=1) as messages:
        await until(lambda: open_streams() == 1)

        async def gone(*_: object) -> list[object]:
            return []

        monkeypatch.setattr(server.engine.runs, "get", gone)
        (message,) = [message async for message in messages]
    assert (message.event, message.data["code"]) == ("error", "not_found")
