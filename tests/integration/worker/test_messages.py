"""Messages through real workers, some of them killed: each is processed once, and the poison among them set aside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.support.workers import PATIENCE_SECONDS, Lab, Site, result
from treadle.authoring.discovery import discover
from treadle.domain.messages import Message, MessageState
from treadle.domain.outcomes import RunError
from treadle.domain.posting import build_messages, read_requests
from treadle.domain.runs import DEFAULT_DOMAIN, State
from treadle.engines.contract import MessageQuery, Topic
from treadle.scheduler.arrivals import Arrivals
from treadle.scheduler.loops import repeat
from treadle.services.jobs import Jobs
from treadle.system import IdSource, SystemClock

UNSAID = RunError("none", "")

new_id = IdSource(SystemClock())


async def put(lab: Lab, *whats: str, keys: str = "") -> list[str]:
    """Put messages numbered from 0 that say what is to be done; their ids."""
    documents = [
        {"type": "mail", "key": keys[n] if keys else "", "payload": {"n": n, "what": what}}
        for n, what in enumerate(whats)
    ]
    requests = read_requests(documents)
    messages = build_messages(requests, domain=DEFAULT_DOMAIN, now=lab.engine.now(), new_id=new_id, max_payload=1000)
    return [received.message_id for received in await lab.engine.messages.put(messages)]


async def settled(lab: Lab, ids: Sequence[str]) -> list[Message]:
    """The messages, once each of them is processed or set aside."""
    notices = lab.engine.listen(Topic.MESSAGES)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                messages = await lab.engine.messages.get(DEFAULT_DOMAIN, ids)
                if all(message.settled_at is not None for message in messages):
                    return messages
                await notices.wait(0.5)
    finally:
        await notices.close()


@asynccontextmanager
async def triggered(lab: Lab, job_id: str = "mail") -> AsyncIterator[None]:
    """With a job that messages start, and the scheduler's loop that starts it."""
    handler = discover(lab.site.tasks).registry.get(job_id)
    assert handler is not None
    await Jobs(lab.engine).create(DEFAULT_DOMAIN, handler.spec)
    notices = lab.engine.listen(Topic.MESSAGES)
    arrivals = asyncio.create_task(repeat("arrivals", Arrivals(lab.engine, new_id), notices.wait))
    try:
        yield
    finally:
        arrivals.cancel()
        await notices.close()


def done(lab: Lab) -> list[int]:
    """The numbers of the messages that handlers have carried out, in order."""
    return [int(word.text.removeprefix("did ")) for word in lab.words if word.text.startswith("did ")]


async def test_a_worker_killed_amid_its_batch_loses_and_repeats_no_settled_message(lab: Lab, site: Site) -> None:
    ids = await put(lab, *["do"] * 6, "hold", *["do"] * 5, keys="ababababcabc")
    async with triggered(lab), lab.sweeping():
        with site.worker() as first:
            held = await lab.told_by_any("held")
            first.kill_tree()
        before = {message.id: message for message in await lab.engine.messages.get(DEFAULT_DOMAIN, ids)}
        processed = [message for message in before.values() if message.state is MessageState.PROCESSED]
        assert [message.id for message in processed] == ids[:4]
        assert [each.run_id for each in before.values() if each.state is MessageState.LEASED] == [held.run_id] * 4
        with site.worker():
            after = await settled(lab, ids)
    assert {message.state for message in after} == {MessageState.PROCESSED}
    assert [message for message in after if message in processed] == processed
    assert [message.attempts for message in after] == [1] * 4 + [2] * 4 + [1] * 4
    runs = await lab.engine.runs.get(DEFAULT_DOMAIN, [message.run_id or "" for message in after])
    assert {run.state for run in runs} == {State.COMPLETED}
    in_truth = done(lab)
    last = sorted(range(12), key=lambda n: len(in_truth) - in_truth[::-1].index(n))
    for key in "abc":
        numbers = [n for n in range(12) if "ababababcabc"[n] == key]
        assert [n for n in last if n in numbers] == numbers


async def test_poison_that_kills_its_worker_is_set_aside_and_takes_none_with_it(lab: Lab, site: Site) -> None:
    ids = await put(lab, "do", "die", "do", "do")
    async with triggered(lab):
        with site.worker(lease_sec=600, heartbeat_sec=1):
            messages = await settled(lab, ids)
    states = [message.state for message in messages]
    assert states == [MessageState.PROCESSED, MessageState.POISON, MessageState.PROCESSED, MessageState.PROCESSED]
    assert messages[1].attempts == 3
    assert "SIGKILL" in (messages[1].error or UNSAID).message


@pytest.mark.parametrize("job_id", ["mail", "mail.apart"])
async def test_what_a_handler_said_of_a_message_is_applied_with_its_run(lab: Lab, site: Site, job_id: str) -> None:
    ids = await put(lab, "do", "refuse", "do", "break", keys="aab ")
    async with triggered(lab, job_id):
        with site.worker():
            messages = await settled(lab, ids)
    states = [message.state for message in messages]
    assert states == [MessageState.PROCESSED, MessageState.POISON, MessageState.PROCESSED, MessageState.POISON]
    assert [message.error and message.error.message for message in messages] == [
        None,
        "not this one",
        None,
        "broken by 3",
    ]
    assert done(lab).count(2) >= 1


async def test_what_is_behind_a_refused_message_of_its_key_waits_for_it(lab: Lab, site: Site) -> None:
    ids = await put(lab, "refuse", "do", "do", keys="aab")
    with site.worker():
        run = await lab.finished(await lab.submit("mail"))
    assert result(run) == 3
    messages = await lab.engine.messages.get(DEFAULT_DOMAIN, ids)
    assert [message.state for message in messages] == [
        MessageState.PENDING,
        MessageState.PENDING,
        MessageState.PROCESSED,
    ]
    assert [message.attempts for message in messages] == [1, 0, 1]


async def test_a_program_reads_its_batch_from_a_file(lab: Lab, site: Site) -> None:
    ids = await put(lab, "do", "do", "do")
    script = 'cat "$TREADLE_MESSAGES"; wc -l <"$TREADLE_MESSAGES" >"$TREADLE_RESULT_FILE"'
    take: dict[str, Any] = {"messages": {"type": "mail", "batch_size": 2}}
    with site.worker():
        run = await lab.finished(await lab.shell(script, **take))
        assert result(run) == 2
        line = await lab.line(run.id, '"n":1')
        assert f'"message_id":"{ids[1]}"' in line.message
        failed = await lab.finished(await lab.shell("exit 3", **take))
    found = await lab.engine.messages.find(MessageQuery(domain=DEFAULT_DOMAIN, limit=9))
    assert [message.state for message in found] == ["pending", "processed", "processed"]
    assert (failed.state, found[0].attempts) == (State.FAILED, 1)


async def test_a_run_without_messages_is_skipped(lab: Lab, site: Site) -> None:
    with site.worker():
        run = await lab.finished(await lab.submit("mail"))
        assert (run.state, run.error and run.error.message) == (
            State.SKIPPED,
            "no message of type mail can be taken now",
        )
        run = await lab.finished(await lab.submit("mail.none"))
        assert "takes no messages" in (run.error or UNSAID).message
