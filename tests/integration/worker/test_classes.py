"""Classes as jobs on a real worker: skipped, judged, left to those who can, and begun once where that is asked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.workers import Site, open_lab, result
from treadle.authoring.discovery import discover
from treadle.domain.jobs import dump_job
from treadle.domain.runs import State

TASKS = """
import os
import signal
from treadle import BaseTask, JobContext, RunnerResult, job


class Base(BaseTask[RunnerResult]):
    async def _execute_impl(self, context):
        if error := context.inputs.get("error"):
            raise {"connection": ConnectionError, "value": ValueError}[error](f"attempt {context.attempt}")
        return [RunnerResult(message="done")]

    async def _validate_prerequisites(self, context):
        return not context.inputs.get("skip")

    def _should_retry_on_error(self, error, context):
        return isinstance(error, ConnectionError)


@job("classy", max_concurrent=1, max_retries=1, retry_delay_seconds=0)
class Classy(Base):
    pass


@job("needs.discord", requires_discord=True)
class Discord(Base):
    pass


@job("needs.wallet", requires_wallet=True)
class Wallet(Base):
    pass


@job("once", idempotent=False)
def once():
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def classes(site: Site) -> Site:
    (site.tasks / "classes.py").write_text(TASKS)
    return site


def documents(site: Site) -> dict[str, dict[str, Any]]:
    return {each.type: dump_job(each.spec) for each in discover(site.tasks).registry}


async def test_a_class_is_carried_out_skipped_and_judged(classes: Site) -> None:
    async with open_lab(classes) as lab:
        keys = {key: value for key, value in documents(classes)["classy"].items() if key not in ("job_id", "type")}
        with classes.worker():
            done = await lab.finished(await lab.submit("classy", **keys))
            assert result(done) == [{"success": True, "message": "done", "error": None}]
            skipped = await lab.finished(await lab.submit("classy", **keys | {"inputs": {"skip": True}}))
            assert (skipped.state, skipped.error and skipped.error.message) == (
                State.SKIPPED,
                "Classy._validate_prerequisites answered no",
            )
            (lane,) = await lab.engine.lanes.get("default", ["job:classy"])
            assert lane.holders == ()
            tried = await lab.finished(await lab.submit("classy", **keys | {"inputs": {"error": "connection"}}))
            assert (tried.state, tried.attempt, tried.error and tried.error.message) == (State.FAILED, 2, "attempt 2")
            given_up = await lab.finished(await lab.submit("classy", **keys | {"inputs": {"error": "value"}}))
            assert (given_up.state, given_up.attempt) == (State.FAILED, 1)
            assert given_up.error is not None
            assert given_up.error.message == "ValueError: attempt 1"


async def test_a_job_is_left_to_the_workers_that_have_what_it_requires(classes: Site) -> None:
    needs = {name: {"affinity": documents(classes)[name]["affinity"]} for name in ("needs.wallet", "needs.discord")}
    async with open_lab(classes) as lab:
        wanting = await lab.submit("needs.wallet", **needs["needs.wallet"])
        program = await lab.shell("true", requires_wallet=True)
        with classes.worker(capabilities="discord, gpu") as worker:
            submitted = await lab.submit("needs.discord", **needs["needs.discord"])
            assert (await lab.finished(submitted)).state is State.COMPLETED
            assert [(await lab.read(run_id)).state for run_id in (wanting, program)] == [State.READY, State.READY]
            assert '"job": "needs.wallet"' in worker.said
        with classes.worker(capabilities="wallet"):
            for run_id in (wanting, program):
                assert (await lab.finished(run_id)).state is State.COMPLETED


async def test_what_is_not_idempotent_fails_where_its_worker_is_lost(classes: Site) -> None:
    async with open_lab(classes) as lab:
        with classes.worker():
            run = await lab.finished(await lab.submit("once", idempotent=False))
    assert (run.state, run.attempt) == (State.FAILED, 1)
    assert run.error is not None
    assert run.error.code == "lost"
    assert "not idempotent" in run.error.message
