"""The kit for people's own jobs: the product's parts in memory, where time passes only as far as it has to."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from treadle import BaseTask, GiveUp, JobContext, RunnerResult, WaitTimeout, job
from treadle.domain.errors import InvalidInput, NotFound
from treadle.domain.outcomes import Snoozed
from treadle.testing.kit import JobKit, Stuck

MONDAY = "2026-03-02T00:00:00+00:00"


@job("greet")
def greet(ctx: JobContext, name: str, times: int = 1) -> str:
    ctx.logger.info("greeting", name=name)
    return f"hello {name}" * times


@job("flaky", max_retries=3, backoff=[60, 3_600])
def flaky(ctx: JobContext, failures: int = 2) -> int:
    if ctx.attempt <= failures:
        raise ConnectionError(f"no luck on attempt {ctx.attempt}")
    return ctx.attempt


@job("report", cron="0 9 * * MON", timezone="Europe/Berlin")
async def report(ctx: JobContext) -> str:
    return ctx.now.isoformat()


@job("beat", interval_seconds=600)
async def beat() -> None: ...


@job("ship")
async def ship(ctx: JobContext, order: int, patience: float | None = None) -> dict[str, Any]:
    invoice = await ctx.step("invoice", lambda: f"INV-{order}")
    try:
        paid = await ctx.wait_for("paid", {"order": order}, timeout=patience)
    except WaitTimeout:
        return {"state": "not paid"}
    await ctx.sleep(3 * 86_400)
    await ctx.events.publish("shipped", {"order": order})
    return {"invoice": invoice, "by": paid["by"]}


@job("slow", timeout_seconds=30, max_retries=0)
async def slow(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "done"


@job("sync-slow", timeout_seconds=0.2, max_retries=0)
def sync_slow(ctx: JobContext) -> None:
    while not ctx.cancelled:
        time.sleep(0.01)


@job("copy")
async def copy(ctx: JobContext, pages: int) -> int:
    for page in range(pages):
        ctx.progress(page + 1, pages)
        await ctx.state.set("page", page)
    count: int = await ctx.kv.incr("copies")
    return count


@job("parent")
async def parent() -> list[Any]:
    handles = [await greet.enqueue(name=name) for name in "ab"]
    return [handle.id for handle in handles]


@job("mail", messages={"type": "letter", "batch_size": 10, "trigger": True})
async def mail(ctx: JobContext) -> list[str]:
    return [letter.payload["to"] for letter in ctx.messages.take()]


@job("after-beat", after=["beat"])
async def after_beat() -> None: ...


@job("isolated", isolation="process")
def isolated(n: int) -> int:
    return n + 1


@job("task", requires_wallet=True)
class Task(BaseTask[RunnerResult]):
    async def _validate_resources(self, context: JobContext) -> bool:
        return bool(context.inputs.get("ready"))

    async def _execute_impl(self, context: JobContext) -> list[RunnerResult]:
        return [RunnerResult(message="did it")]


def test_a_job_runs_and_tells_what_it_did() -> None:
    with JobKit(greet) as kit:
        run = kit.run(greet, name="you")
        assert (run.state, run.result, run.log, run.error) == ("completed", "hello you", ["greeting"], None)
        assert run.lines[0].fields == b'{"name":"you"}'
        assert run.events == ["run.queued", "run.started", "run.completed"]
        assert repr(run) == f"<{run.id} of greet: completed>"


def test_inputs_are_checked_as_those_of_any_run() -> None:
    with JobKit(greet) as kit:
        with pytest.raises(InvalidInput, match="/inputs/times"):
            kit.run(greet, name="you", times="often")
        assert kit.runs() == []


def test_a_failing_job_is_tried_again_when_its_delays_are_over() -> None:
    with JobKit(flaky) as kit:
        run = kit.run(flaky)
        assert (run.state, run.result) == ("completed", 3)
        assert run.retried_after == [60, 3_600]
        assert run.errors == ["no luck on attempt 1", "no luck on attempt 2"]
        assert [each.outcome for each in run.attempts] == ["retry_scheduled", "retry_scheduled", "completed"]
        assert (kit.now - run.starts[0]).total_seconds() == 3_660


def test_a_job_that_always_fails_ends_after_its_last_try() -> None:
    with JobKit(flaky) as kit:
        run = kit.run(flaky, failures=9)
        assert run.state == "failed"
        assert run.error is not None
        assert run.error.message == "no luck on attempt 4"
        assert run.retried_after == [60, 3_600, 3_600]


def test_a_schedule_fires_by_the_clocks_of_its_zone_across_the_change_to_summer_time() -> None:
    with JobKit(report, at="2026-03-23T00:00:00+01:00") as kit:
        assert [at.isoformat() for at in kit.fires(report, days=14)] == [
            "2026-03-23T09:00:00+01:00",
            "2026-03-30T09:00:00+02:00",
        ]
        fired = kit.advance(days=14)
        assert [run.slot for run in fired] == [
            datetime(2026, 3, 23, 8, tzinfo=UTC),
            datetime(2026, 3, 30, 7, tzinfo=UTC),
        ]
        assert [run.result for run in fired] == ["2026-03-23T08:00:00+00:00", "2026-03-30T07:00:00+00:00"]


def test_time_passes_as_far_as_it_is_told_to() -> None:
    with JobKit(beat, after_beat, at=MONDAY) as kit:
        assert kit.advance(599) == []
        assert [run.job_id for run in kit.advance(1)] == ["beat", "after-beat"]
        assert len(kit.advance(hours=2)) == 24
        assert kit.now == datetime(2026, 3, 2, 2, 10, tzinfo=UTC)
        assert {run.state for run in kit.runs(after_beat)} == {"completed"}


def test_steps_sleeps_and_waits_pass_in_no_time() -> None:
    with JobKit(ship, at=MONDAY) as kit:
        run = kit.submit(ship, order=17)
        assert run.state == "blocked"
        assert "event 'paid'" in run.why
        kit.publish("paid", {"order": 16})
        assert run.state == "blocked"
        kit.publish("paid", {"order": 17, "by": "card"})
        assert (run.state, run.steps["invoice"]) == ("scheduled", "INV-17")
        kit.finish(run)
        assert run.result == {"invoice": "INV-17", "by": "card"}
        assert kit.now == datetime(2026, 3, 5, tzinfo=UTC)
        assert kit.published("shipped") == [{"order": 17}]
        assert len(run.starts) == 3


def test_a_wait_that_nobody_answers_times_out_or_is_told() -> None:
    with JobKit(ship, beat, at=MONDAY) as kit:
        assert kit.run(ship, order=1, patience=3_600).result == {"state": "not paid"}
        with pytest.raises(Stuck, match=r"does not go on by itself: .*'paid'"):
            kit.run(ship, order=1)


def test_a_handler_that_takes_too_long_is_ended_by_its_timeout_at_once() -> None:
    began = time.monotonic()
    with JobKit(slow) as kit:
        assert kit.run(slow, seconds=29).result == "done"
        run = kit.run(slow, seconds=86_400)
        assert run.error is not None
        assert run.error.code == "timeout"
    assert time.monotonic() - began < 29


def test_a_sync_handler_that_hangs_is_ended_too() -> None:
    with JobKit(sync_slow) as kit:
        run = kit.run(sync_slow)
        assert (run.state, run.error and run.error.code) == ("failed", "timeout")


def test_handlers_submit_runs_and_messages_start_them() -> None:
    with JobKit(parent, greet, mail) as kit:
        children = kit.run(parent).result
        kit.put("letter", {"to": "ann"}, {"to": "bob"})
        assert [run.result for run in kit.runs(mail)] == [["ann", "bob"]]
        assert {run.id: run.result for run in kit.runs(greet)} == dict(
            zip(children, ["hello a", "hello b"], strict=True)
        )


def test_a_delayed_run_waits_and_can_be_cancelled() -> None:
    with JobKit(greet) as kit:
        run = kit.submit(greet, name="you", delay=60)
        assert kit.advance(59) == []
        assert run.state == "scheduled"
        kit.cancel(run)
        kit.advance(hours=1)
        assert (run.state, run.starts) == ("cancelled", [])


def test_classes_and_jobs_with_needs_and_processes_of_their_own_run_too() -> None:
    with JobKit(Task, isolated) as kit:
        assert kit.run(Task, ready=True).result == [{"success": True, "message": "did it", "error": None}]
        skipped = kit.run(Task)
        assert (skipped.state, skipped.why) == ("skipped", skipped.why)
        assert "_validate_resources" in skipped.why
        assert kit.run("isolated", n=1).result == 2


def test_a_handler_may_use_threads_and_keep_values() -> None:
    @job("threads")
    async def threads(ctx: JobContext) -> int:
        await ctx.step("slow", asyncio.to_thread, time.sleep, 0.05)
        return int(await ctx.kv.incr("runs"))

    with JobKit(threads, at=MONDAY) as kit:
        assert [kit.run(threads).result for _ in range(2)] == [1, 2]
        assert kit.values(threads) == {"runs": 2}
        assert kit.now == datetime(2026, 3, 2, tzinfo=UTC)


def test_a_context_tells_the_virtual_time() -> None:
    @job("late", timeout_seconds=90, max_retries=1, backoff=[60])
    async def late(ctx: JobContext) -> list[float]:
        await asyncio.sleep(10)
        if ctx.attempt == 1:
            raise ConnectionError
        assert ctx.deadline is not None
        return [ctx.now.timestamp(), (ctx.deadline - ctx.now).total_seconds()]

    with JobKit(late, at=MONDAY) as kit:
        assert kit.run(late).result == [datetime(2026, 3, 2, 0, 1, 20, tzinfo=UTC).timestamp(), 80]


def test_what_happens_again_and_again_without_time_passing_is_told() -> None:
    @job("spins")
    async def spins() -> Snoozed:
        return Snoozed(0)

    with JobKit(spins) as kit, pytest.raises(Stuck, match="again and again, and no time passes"):
        kit.run(spins)


async def test_in_an_async_test_the_kit_says_what_to_do() -> None:
    with pytest.raises(InvalidInput, match="not `async def`"), JobKit(greet):
        pass


def test_a_handler_that_talks_to_a_server_gets_its_answer_before_time_goes_on(hello: str) -> None:
    @job("fetch", timeout_seconds=5)
    async def fetch(url: str) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        body = (await reader.read()).decode()
        writer.close()
        return body.rpartition("\n")[2]

    @job("fetch-sync", timeout_seconds=5)
    def fetch_sync(url: str) -> str:
        with urlopen(url) as answer:  # noqa: S310 - our own
            return str(answer.read().decode())

    with JobKit(fetch, fetch_sync, at=MONDAY) as kit:
        assert [kit.run(each, url=hello).result for each in (fetch, fetch_sync)] == ["hello", "hello"]
        assert kit.now == datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def hello() -> Any:
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Hello(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_folder_of_task_files_is_found_and_what_is_broken_in_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text("from treadle import job\n\n\n@job('good')\ndef good() -> int:\n    return 1\n")
    (tmp_path / "bad.py").write_text("import nothing_of_the_kind\n")
    with JobKit(tmp_path) as kit:
        assert kit.run("good").result == 1
        with pytest.raises(NotFound, match=r"no job 'god' .*good.*\n.*bad.py was not loaded: ModuleNotFoundError"):
            kit.run("god")


def test_what_is_no_job_and_no_moment_is_refused() -> None:
    with pytest.raises(InvalidInput, match="is no job"):
        JobKit(print)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="no folder nowhere"):
        JobKit("nowhere")
    with pytest.raises(InvalidInput, match="offset"):
        JobKit(greet, at="2026-03-02")


@job("gives-up", retry=lambda error, failures: None if isinstance(error, PermissionError) else 5.0 * failures)
def gives_up(ctx: JobContext, refused_on: int) -> None:
    if ctx.attempt == refused_on:
        raise PermissionError("no")
    if ctx.attempt > 3:
        raise GiveUp("enough")
    raise ConnectionError("again")


def test_a_rule_for_retries_of_ones_own_decides() -> None:
    with JobKit(gives_up) as kit:
        run = kit.run(gives_up, refused_on=3)
        assert (run.retried_after, run.state) == ([5.0, 10.0], "failed")


def test_what_a_run_says_and_keeps_is_there_to_look_at() -> None:
    with JobKit(copy) as kit:
        run = kit.run(copy, pages=3)
        assert run.progress is not None
        assert (run.progress.done, run.progress.total, run.kept, run.result) == (3, 3, {"page": 2}, 1)
        assert kit.run(copy, pages=1).result == 2
