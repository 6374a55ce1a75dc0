"""Programs run as real processes: what they get, what is seen of them, how they end, and that nothing stays behind."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import errno
import gc
import os
import resource
import sys
import warnings
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest

from tests.support.executions import Attempt, until
from treadle.domain import json
from treadle.domain.logs import Stream
from treadle.domain.outcomes import Cancelled, Failed, Outcome, Released, Succeeded
from treadle.domain.work import Completion, Program

Make = Callable[..., Attempt]


@pytest.fixture(
    params=[
        pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop"),
        pytest.param(("asyncio", {"use_uvloop": False}), id="asyncio"),
    ]
)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def make(tmp_path: Path) -> Make:
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def attempt(script: str = "", *, options: dict[str, Any] | None = None, **given: Any) -> Attempt:
        program = Program(requires="shell", script=script, **(options or {}))
        return Attempt(program, scratch, **given)

    return attempt


def descriptors() -> set[int]:
    return {int(path.name) for path in Path("/proc/self/fd").iterdir()}


@pytest.fixture(autouse=True)
async def nothing_stays_behind(tmp_path: Path) -> AsyncIterator[None]:
    """No test may leave a child, a descriptor or a temporary file."""
    before = descriptors()
    others = set(psutil.Process().children(recursive=True))  # of servers that the whole session of tests shares
    yield
    assert set(psutil.Process().children(recursive=True)) <= others
    assert list((tmp_path / "scratch").glob("*")) == []
    await until(lambda: len(descriptors()) <= len(before))


def error_of(outcome: Outcome) -> tuple[str, str]:
    assert isinstance(outcome, Failed), outcome
    return outcome.error.code, outcome.error.message


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def pid_in(path: Path) -> int:
    return int(path.read_text())


async def started(path: Path) -> None:
    await until(lambda: path.exists() and path.read_text().endswith("\n"))


# What a program gets


async def test_a_program_finds_its_inputs_and_itself(make: Make) -> None:
    attempt = make(
        'cat; echo; cat "$TREADLE_INPUTS_FILE"; echo; stat -c %a "$TREADLE_INPUTS_FILE" "$0";'
        'echo "$TREADLE_RUN_ID $TREADLE_JOB_ID $TREADLE_ATTEMPT $1"',
        inputs={"city": "Köln"},
        options={"args": ("first",)},
    )
    assert await attempt.run() == Succeeded(b'{"exit_code":0}')
    assert attempt.logs.said(Stream.STDOUT) == ['{"city":"Köln"}', '{"city":"Köln"}', "600", "700", "r1 j 2 first"]


async def test_hostile_arguments_and_inputs_reach_a_program_as_they_are_and_run_nothing(make: Make) -> None:
    hostile = (
        "; echo owned",
        "$(echo owned)",
        "`echo owned`",
        "--help",
        "-e",
        "|id",
        "a b",
        "*",
        "$HOME",
        "&& id #",
        "é'",
    )
    attempt = make(
        'for each in "$@"; do printf "%s\\n" "$each"; done; cat',
        inputs={each: each for each in hostile},
        options={"args": hostile},
    )
    assert isinstance(await attempt.run(), Succeeded)
    *said, inputs = attempt.logs.said(Stream.STDOUT)
    assert tuple(said) == hostile
    assert inputs == json.encode({each: each for each in hostile}).decode()


async def test_large_inputs_that_nobody_reads_hold_nothing_up(make: Make) -> None:
    attempt = make("exit 0", inputs={"big": "x" * 1_000_000})
    assert isinstance(await attempt.run(), Succeeded)


async def test_nothing_of_the_workers_environment_leaks(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "canary-value")
    monkeypatch.setenv("TREADLE_SECRET_OTHER", "canary-value")
    monkeypatch.setenv("LC_TIME", "C")
    attempt = make("tr '\\0' '\\n' < /proc/self/environ; ls -l /proc/self/fd", options={"env": {"OWN": "1"}})
    assert isinstance(await attempt.run(), Succeeded)
    said = attempt.logs.messages
    assert not any("canary" in line.lower() or "SECRET" in line for line in said)
    assert {"OWN=1", "LC_TIME=C", f"PATH={os.environ['PATH']}"} <= set(said)
    names = {line.partition("=")[0] for line in said if "=" in line}
    own = {"OWN", "PWD", "PYTHONUNBUFFERED", "_", "OLDPWD", "SHLVL"}
    assert {name for name in names - own if not name.startswith(("TREADLE_", "LC_"))} <= {
        *("PATH", "HOME", "LANG", "TZ", "TMPDIR", "USER", "LOGNAME")
    }
    assert sum("->" in line for line in said) == 4  # standard streams and the folder that ls reads


@pytest.mark.parametrize("name", ["LD_PRELOAD", "GIT_SSH", "PYTHONPATH"])
async def test_variables_that_run_other_code_are_refused(make: Make, name: str) -> None:
    outcome = await make("true", options={"env": {name: "x"}}).run()
    assert error_of(outcome)[0] == "environment_refused"
    assert name in error_of(outcome)[1]
    assert isinstance(outcome, Failed)
    assert not outcome.retry


async def test_a_script_runs_in_its_interpreter_with_live_output(make: Make, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    attempt = make(f"print('before')\nopen({str(gate)!r}).read()", options={"interpreter": (sys.executable,)})
    task = asyncio.create_task(attempt.run())
    await until(lambda: "before" in attempt.logs.messages)
    assert not task.done()
    gate.open("w").close()
    assert isinstance(await task, Succeeded)


async def test_the_working_folder(make: Make, tmp_path: Path) -> None:
    given, fresh = make("pwd", options={"workdir": str(tmp_path)}), make("pwd; touch left-over")
    await given.run()
    await fresh.run()
    assert given.logs.messages == [str(tmp_path)]
    assert fresh.logs.messages[0].startswith(str(tmp_path / "scratch"))


async def test_a_folder_that_may_not_be_written_is_removed_all_the_same(make: Make) -> None:
    attempt = make("mkdir -p a/b; touch a/b/c; chmod 500 a/b a")
    assert isinstance(await attempt.run(), Succeeded)


# What cannot be started


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"argv": ("no-such-program",)}, "program_not_found", ["'no-such-program'", "PATH: "]),
        ({"argv": ("./gone",)}, "program_not_found", ["'./gone'", "work/gone"]),
        ({"argv": ("/etc/passwd",)}, "program_not_executable", ["/etc/passwd"]),
        ({"argv": ("/etc",)}, "program_not_executable", ["/etc"]),
        ({"script": "x", "interpreter": ("no-such-shell",)}, "program_not_found", ["'no-such-shell'"]),
        ({"argv": ("true",), "workdir": "/no/such/folder"}, "workdir_not_found", ["/no/such/folder"]),
        ({"argv": ("true",), "workdir": "relative"}, "workdir_not_found", ["'relative'", "absolute"]),
        ({"argv": ("true",), "script": "x"}, "program_invalid", ["exactly one"]),
        ({}, "program_invalid", ["exactly one"]),
        ({"argv": ("echo", "a\0b")}, "program_invalid", ["NUL"]),
        ({"argv": ("true",), "secrets": ("GONE",)}, "secret_unusable", ["GONE is missing"]),
        ({"argv": ("true",), "secrets": ("SHORT",)}, "secret_unusable", ["SHORT is too short"]),
    ],
)
async def test_what_cannot_run_says_why_and_is_not_retried(
    tmp_path: Path, options: dict[str, Any], code: str, words: list[str]
) -> None:
    (tmp_path / "scratch").mkdir()
    attempt = Attempt(Program(requires="shell", **options), tmp_path / "scratch", secrets={"SHORT": "abc"})
    outcome = await attempt.run()
    assert error_of(outcome)[0] == code
    assert all(word in error_of(outcome)[1] for word in words), error_of(outcome)[1]
    assert isinstance(outcome, Failed)
    assert not outcome.retry
    assert attempt.processes == []


async def test_a_file_that_the_system_cannot_execute(make: Make, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF nonsense")
    broken.chmod(0o700)
    outcome = await make(options={"argv": (str(broken),)}).run()
    assert error_of(outcome)[0] == "program_not_started"
    assert "format" in error_of(outcome)[1].lower()


# What is seen of it


async def test_output_comes_line_by_line_in_order_from_both_streams(make: Make) -> None:
    attempt = make("for i in 1 2 3; do echo out$i; echo err$i >&2; done; printf unended")
    await attempt.run()
    assert attempt.logs.said(Stream.STDOUT) == ["out1", "out2", "out3", "unended"]
    assert attempt.logs.said(Stream.STDERR) == ["err1", "err2", "err3"]


async def test_fifty_megabytes_pass_in_bounded_memory(make: Make) -> None:
    attempt = make(f"yes {'x' * 99} | head -c 52428800; echo the end")
    attempt.program = Program(
        requires="shell", script=attempt.program.script, completion=Completion(stdout_contains=("the end",))
    )
    stored = 0

    async def count(lines: list[Any]) -> None:
        nonlocal stored
        stored += sum(len(line.message) + 1 for line in lines)
        attempt.logs.chunks[:] = [lines[-1:]]

    attempt.logs.append = count  # type: ignore[method-assign]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert isinstance(await attempt.run(), Succeeded)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 24 * 1024  # KiB
    assert 10_000_000 < stored <= 10 * 1024 * 1024 + 200
    assert "are not kept" in attempt.logs.messages[-1]


async def test_an_endless_line_passes_in_bounded_parts(make: Make) -> None:
    attempt = make("head -c 1000000 /dev/zero | tr '\\0' 'x'")
    await attempt.run()
    assert sum(map(len, attempt.logs.messages)) == 1_000_000
    assert max(map(len, attempt.logs.messages)) <= 16 * 1024


async def test_secrets_reach_the_program_and_never_its_log(make: Make) -> None:
    secret = "pa/ss w0rd+öX"
    attempt = make(
        """
        test "$KEY" = 'pa/ss w0rd+öX' && echo known
        echo "plain $KEY"; printf 'user:%s' "$KEY" | base64; echo "$KEY" >&2
        printf 'pa/ss w0'; echo 'rd+öX split'
        printf '%s\\n' "$QUOTED" "$COLOURED" "$PEM"
        printf '{"found":"%s"}' "$KEY" > "$TREADLE_RESULT_FILE"
        """,
        secrets={"KEY": secret, "PEM": "first-line\nsecond-line"},
        options={
            "secrets": ("KEY", "PEM"),
            "env": {"QUOTED": quote(secret), "COLOURED": secret[:4] + "\x1b[1m" + secret[4:]},
        },
    )
    assert await attempt.run() == Succeeded(b'{"found":"***"}')
    everything = "\n".join(attempt.logs.messages)
    assert attempt.logs.messages[0] == "known"
    assert attempt.logs.said(Stream.STDERR) == ["***"]
    assert "*** split" in attempt.logs.messages
    leaks = [secret, quote(secret), "first-line", "second-line", base64.b64encode(f"user:{secret}".encode()).decode()]
    assert not any(leak in everything for leak in leaks)


async def test_control_characters_cannot_forge_lines(make: Make) -> None:
    attempt = make("printf 'a\\033[31mred\\033[0m\\007\\n\\033]8;;http://evil\\033\\\\link\\n\\377\\n'")
    await attempt.run()
    # Colours alone stay (ADR 0017).
    assert attempt.logs.messages == ["a\x1b[31mred\x1b[0m", "link", "\ufffd"]


# What it comes to


@pytest.mark.parametrize(
    ("script", "completion", "expected"),
    [
        ("exit 3", Completion(exit_codes=(0, 3)), None),
        ("echo why >&2; exit 4", Completion(), ("exit_code", "exit code 4, expected 0; the last line of stderr: why")),
        ("kill -SEGV $$", Completion(), ("signal", "signal 11 (SIGSEGV)")),
        ("echo all done", Completion(stdout_contains=("all done\n",)), None),
        ("echo nope", Completion(stdout_contains=("done",)), ("completion", "stdout_contains: 'done' is not in")),
        ("echo ERROR >&2", Completion(stderr_not_contains=("ERROR",)), ("completion", "stderr_not_contains: 'ERROR'")),
        (
            "head -c 16380 /dev/zero; printf NEEDLE; head -c 99999 /dev/zero",
            Completion(stdout_not_contains=("NEEDLE",)),
            ("completion", "stdout_not_contains: 'NEEDLE'"),
        ),
    ],
)
async def test_completion(make: Make, script: str, completion: Completion, expected: tuple[str, str] | None) -> None:
    outcome = await make(script, options={"completion": completion}).run()
    if expected is None:
        assert isinstance(outcome, Succeeded)
    else:
        code, message = error_of(outcome)
        assert code == expected[0]
        assert expected[1] in message


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo '{\"rows\": 3}' > $TREADLE_RESULT_FILE", {"rows": 3}),
        (": > $TREADLE_RESULT_FILE", {"exit_code": 0}),
        ("echo '{rows' > $TREADLE_RESULT_FILE", "result_invalid"),
        ("echo NaN > $TREADLE_RESULT_FILE", "result_invalid"),
        ("ln -s /etc/hostname $TREADLE_RESULT_FILE", "result_invalid"),
        ("mkfifo $TREADLE_RESULT_FILE", "result_invalid"),
        ("mkdir $TREADLE_RESULT_FILE", "result_invalid"),
        ("head -c 300000 /dev/zero > $TREADLE_RESULT_FILE", "result_too_large"),
    ],
)
async def test_the_result_file(make: Make, script: str, expected: object) -> None:
    outcome = await make(script).run()
    if isinstance(outcome, Succeeded):
        assert json.decode(outcome.result or b"") == expected
    else:
        assert error_of(outcome)[0] == expected


# How it ends before its time


async def test_a_timeout_ends_the_group_with_grandchildren(make: Make, tmp_path: Path) -> None:
    pids = [tmp_path / name for name in ("child", "grandchild")]
    attempt = make(f"sh -c 'sleep 1000 & echo $! > {pids[1]}; wait' & echo $! > {pids[0]}; wait", timeout=1.0)
    assert error_of(await attempt.run()) == ("timeout", "the attempt was ended by its timeout of 1 s")
    assert all(gone(pid_in(path)) for path in pids)
    (pgid, begun), (same, over) = attempt.processes
    assert (pgid, begun, over) == (same, True, False)
    assert gone(pgid)


@pytest.mark.parametrize("outcome", [Cancelled("by ada"), Released("the worker stops")])
async def test_a_cancel_ends_it_with_the_outcome_asked_for(
    make: Make, tmp_path: Path, outcome: Cancelled | Released
) -> None:
    ready = tmp_path / "ready"
    attempt = make(f"trap 'echo cleaned up; exit 0' TERM; echo 1 > {ready}; while :; do sleep 0.01; done")
    task = asyncio.create_task(attempt.run())
    await started(ready)
    attempt.cancelled.set(outcome)
    assert await task == outcome
    assert attempt.logs.said(Stream.STDOUT) == ["cleaned up"]


async def test_a_cancel_before_the_start_starts_nothing(make: Make) -> None:
    attempt = make("true")
    attempt.cancelled.set(Cancelled())
    assert await attempt.run() == Cancelled()
    assert attempt.processes == []


async def test_what_ignores_term_is_killed_after_the_grace(make: Make, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    attempt = make(f"trap '' TERM; echo $$ > {ready}; while :; do sleep 0.01; done", grace=0.05)
    task = asyncio.create_task(attempt.run())
    await started(ready)
    attempt.cancelled.set(Cancelled())
    assert await task == Cancelled()
    assert gone(pid_in(ready))


async def test_children_that_left_the_group_or_the_session_are_ended_too(make: Make, tmp_path: Path) -> None:
    own_group, own_session = tmp_path / "group", tmp_path / "session"
    leave = "import os,sys,time; {}(); print(os.getpid(), file=open(sys.argv[1], 'w'), flush=True); time.sleep(1000)"
    attempt = make(
        f'{sys.executable} -c "{leave.format("os.setpgrp")}" {own_group} &'
        f'{sys.executable} -c "{leave.format("os.setsid")}" {own_session} & wait'
    )
    task = asyncio.create_task(attempt.run())
    await started(own_group)
    await started(own_session)
    attempt.cancelled.set(Cancelled())
    assert await task == Cancelled()
    await until(lambda: gone(pid_in(own_group)) and gone(pid_in(own_session)))


async def test_a_child_that_holds_the_output_open_does_not_hold_up_the_end(make: Make, tmp_path: Path) -> None:
    child = tmp_path / "child"
    attempt = make(f"sleep 1000 & echo $! > {child}; echo said")
    assert isinstance(await asyncio.wait_for(attempt.run(), 10), Succeeded)
    assert attempt.logs.messages == ["said"]
    await until(lambda: gone(pid_in(child)))


async def test_a_silent_child_left_in_the_background_is_ended(make: Make, tmp_path: Path) -> None:
    child = tmp_path / "child"
    attempt = make(f"nohup sleep 1000 >/dev/null 2>&1 </dev/null & echo $! > {child}")
    assert isinstance(await attempt.run(), Succeeded)
    await until(lambda: gone(pid_in(child)))


async def test_a_cancelled_task_leaves_no_process(make: Make, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    attempt = make(f"trap '' TERM; echo $$ > {ready}; sleep 1000")
    task = asyncio.create_task(attempt.run())
    await started(ready)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()
    assert gone(pid_in(ready))
    assert attempt.processes[-1][1] is False


async def test_cancelled_at_any_moment_it_closes_all_it_opened(make: Make) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        for turns in range(30):
            task = asyncio.create_task(make("echo said; sleep 1000").run())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        gc.collect()
    assert [str(warning.message) for warning in caught] == []


async def test_too_few_descriptors_are_a_failure_to_try_again(make: Make) -> None:
    attempt = make("true")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = sorted(set(range(soft)) - descriptors())[5]
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, hard))
    try:
        outcome = await attempt.run()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert error_of(outcome)[0] == "program_not_started"
    assert isinstance(outcome, Failed)
    assert outcome.retry


async def test_a_program_that_cannot_be_watched_is_not_left_running(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_pid: int) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "pidfd_open", refuse)
    assert error_of(await make("sleep 1000").run())[0] == "program_not_started"
