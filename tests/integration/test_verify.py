"""The prover: a job that is not safe to retry is caught at its point, one that is passes; by real kills."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Final
from urllib.request import Request, urlopen

import pytest

from tests.support.pages import ROOT, Command, Terminal, commands, matches, name
from tests.support.up import treadle
from treadle.authoring.discovery import discover
from treadle.domain.errors import InvalidInput
from treadle.proving.effects import What, differences, varying
from treadle.proving.prover import Verdict, prove
from treadle.proving.recorder import Call, recording
from treadle.proving.trials import Setting, Trial, open_lab

PAGE: Final = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")

TASKS: Final = """
import os
import time
from pathlib import Path
from urllib.request import urlopen

from treadle import JobContext, job
from treadle.domain.outcomes import Snoozed


@job("greet")
def greet(name: str): ...


@job("counts")
def counts(ctx: JobContext):
    ctx.kv.set("seen", True)
    ctx.kv.incr("runs")


@job("appends")
async def appends(ctx: JobContext):
    print("begun")
    with open("log.txt", "a") as log:
        log.write("a line\\n")


@job("submits", requires_wallet=True)
async def submits(ctx: JobContext):
    await ctx.wait_for("go", {"n": 1})
    if await ctx.state.get("slept") is None:
        await ctx.state.set("slept", True)
        return Snoozed(0)
    await greet.enqueue(name=ctx.run_id, key=ctx.run_id)
    urlopen(os.environ["SHOP"] + "/price").close()
    Path("at.txt").write_text(str(time.time_ns()))
    await ctx.events.publish("gone")


@job("fails", max_retries=0)
def fails():
    raise ValueError("no")


@job("once", idempotent=False)
def once(): ...


@job("reads", messages={"type": "mail"})
def reads(): ...
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("project")
    (made / "tasks").mkdir()
    (made / "tasks" / "work.py").write_text(TASKS)
    return made


@pytest.fixture(scope="module")
def verdicts(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict | Trial | str]:
    """What the jobs come to, all in one lab."""
    tasks = [folder / "tasks"]
    registry = discover(*tasks).registry

    async def hold() -> dict[str, Verdict | Trial | str]:
        with recording({}, b"{}") as recorder:
            async with open_lab(tmp_path_factory.mktemp("lab"), registry, tasks, recorder) as lab:
                settings = {
                    "counts": Setting(job_id="counts", inputs={}),
                    "appends": Setting(job_id="appends", inputs={}),
                    "submits": Setting(
                        job_id="submits", inputs={}, publish=[("go", {"n": 1})], recorder_variables=["SHOP"]
                    ),
                }
                found: dict[str, Verdict | Trial | str] = {
                    job_id: await prove(lab, setting, lambda _done, _of: None) for job_id, setting in settings.items()
                }
                found["killed"] = await lab.hold(settings["counts"], kill_at=1)
                with pytest.raises(InvalidInput) as refused:
                    await prove(lab, Setting(job_id="fails", inputs={}), lambda _done, _of: None)
                return {**found, "fails": refused.value.message}

    return asyncio.run(hold())


def verdict_of(verdicts: dict[str, Verdict | Trial | str], job_id: str) -> Verdict:
    found = verdicts[job_id]
    assert isinstance(found, Verdict)
    return found


def test_the_point_is_exact_at_which_a_job_is_not_safe(verdicts: dict[str, Verdict | Trial | str]) -> None:
    verdict = verdict_of(verdicts, "counts")
    assert [(each.point.what, each.point.name, each.differences) for each in verdict.points] == [
        ("kv", "seen", []),
        ("kv", "runs", ["kv runs is 2, not 1"]),
        ("end", "succeeded", ["kv runs is 2, not 1"]),
    ]
    unsafe = verdict.unsafe
    assert unsafe is not None
    assert (unsafe.number, unsafe.point.where) == (2, "tasks/work.py:18")


def test_files_count_and_so_does_a_kill_before_the_outcome_is_kept(verdicts: dict[str, Verdict | Trial | str]) -> None:
    unsafe = verdict_of(verdicts, "appends").unsafe
    assert unsafe is not None
    assert (unsafe.point.what, unsafe.differences) == ("end", ["file log.txt has other content: 2 lines, 1 expected"])


def test_a_safe_job_passes_over_waits_snoozes_calls_that_read_and_runs_that_it_submits(
    verdicts: dict[str, Verdict | Trial | str],
) -> None:
    verdict = verdict_of(verdicts, "submits")
    assert verdict.unsafe is None
    assert [each.point.name for each in verdict.points] == [
        *("wait:go", "slept", "snoozed", "gone", "publish:gone", "succeeded"),
    ]
    assert verdict.varies == ["file at.txt"]


def test_a_trial_is_killed_in_its_worker_s_process_and_resumed(verdicts: dict[str, Verdict | Trial | str]) -> None:
    killed = verdicts["killed"]
    assert isinstance(killed, Trial)
    assert (killed.run.state, killed.run.attempt, killed.run.losses) == ("completed", 2, 1)
    assert [point.name for point in killed.points] == ["seen", "seen", "runs", "succeeded"]


def test_what_does_not_complete_is_not_verified(verdicts: dict[str, Verdict | Trial | str]) -> None:
    assert "only what completes can be verified" in str(verdicts["fails"])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["greets"], 4, 'there is no job greets in .*tasks .did you mean "greet"'),
        (["once"], 2, "not idempotent, so it is never tried again"),
        (["reads"], 2, "takes messages"),
        (["greet", "--files", "/tmp/*"], 2, "files: '/tmp/.' is no pattern of files below"),
        (["greet", "--answer", "/a"], 2, "answer: '/a' is neither JSON nor /PATH=JSON"),
        (["greet"], 2, "inputs/name: this input is required"),
    ],
)
def test_what_cannot_be_verified_is_refused_at_once(folder: Path, arguments: list[str], code: int, said: str) -> None:
    done = treadle("job", "verify", *arguments, "--tasks", str(folder / "tasks"))
    assert done.returncode == code
    assert re.search(said, done.stderr)


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    folder: Path = tmp_path_factory.mktemp("page")
    (folder / "tasks").mkdir()
    (source,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    (folder / "tasks" / "pay.py").write_text(source)
    return Terminal(folder)


@pytest.mark.parametrize("command", list(commands(PAGE)), ids=name)
def test_the_guide(terminal: Terminal, command: Command) -> None:
    printed = terminal.run(command.script)
    assert matches(command.shown, printed), printed


def test_a_recorder_takes_a_call_with_the_same_key_for_the_same_call() -> None:
    with recording({"/a": b"[1]"}, b"{}") as recorder:
        for key in ("x", "x", "y"):
            with urlopen(Request(f"{recorder.url('t')}/a?b=1", b"body", {"Idempotency-Key": key})) as answer:  # noqa: S310 - our own
                assert answer.read() == b"[1]"
        with urlopen(f"{recorder.url('t')}/c") as answer:  # noqa: S310 - our own
            assert answer.read() == b"{}"
        assert recorder.calls("t") == [*2 * [Call("POST", "/a?b=1", "body")], Call("GET", "/c", "")]
        assert recorder.calls("other") == []


def test_differences_are_told_in_words() -> None:
    call, file, value = What("POST /a", "was called"), What("file x"), What("kv n")
    expected = {call: ("1",), file: ("a",), value: ("1",)}
    assert differences(expected, expected, ()) == []
    assert differences(expected, {call: ("1", "1", "1"), value: ("2",)}, ()) == [
        "POST /a was called 3 times, not once",
        "file x is missing",
        "kv n is 2, not 1",
    ]
    assert differences(expected, {**expected, file: ("a\nb\nc",)}, ()) == [
        "file x has other content: 3 lines, 1 expected"
    ]
    assert differences(expected, {**expected, file: ("b",)}, varying(expected, {**expected, file: ("c",)})) == []
    assert differences({}, {file: ("a",)}, ()) == ["file x is there and should not be"]
