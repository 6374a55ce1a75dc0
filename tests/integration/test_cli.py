"""What every command shares: exit codes, where output goes, how quickly the command line is there."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from treadle import __version__
from treadle.cli.exits import Exit, exit_for
from treadle.domain import errors

TREADLE = str(Path(sys.executable).with_name("treadle"))


def treadle(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([TREADLE, *arguments], capture_output=True, text=True, timeout=30, check=False, **options)  # type: ignore[call-overload, no-any-return]


def cpu_seconds_of_children() -> float:
    """What the programs that were started have used: unlike the time they took, it hardly depends on what else runs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_version_is_the_package_s() -> None:
    done = treadle("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{__version__}\n", "")


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "treadle", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"{__version__}\n"


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_lists_the_commands_without_importing_them(arguments: tuple[str, ...]) -> None:
    done = treadle(*arguments, env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1"})
    assert done.returncode == 0
    assert "  schedule    When jobs fire.\n" in done.stdout
    assert "treadle.cli.main" in done.stderr
    for module in ("treadle.cli.schedule", "treadle.domain", "cyclopts", "rich", "msgspec"):
        assert f" {module}" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("schedul",), 'Unknown command "schedul". Did you mean "schedule"?'),
        (("schedule", "nxt"), 'Unknown command "nxt". Did you mean "next"?'),
        (("schedule", "next", "@daily", "--cuont", "3"), "Unknown option: --cuont. Did you mean --count?"),
        (("schedule", "next", "@daily", "--count", "many"), "--count"),
        (("logout", "work"), "there is no place for 'work'"),
        (("worker", "drain"), "name the workers to drain"),
    ],
)
def test_wrong_usage_exits_2_and_says_so_on_standard_error(arguments: tuple[str, ...], said: str) -> None:
    done = treadle(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("treadle: ")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.InvalidInput("no"), 2),
        (errors.MalformedInput("no"), 2),
        (errors.Unauthorized("no"), 3),
        (errors.StorageFull("no"), 3),
        (errors.NotFound("no"), 4),
        (errors.Conflict("no"), 5),
        (errors.StaleVersion("no"), 5),
        (errors.TreadleError("no"), 3),
    ],
)
def test_an_error_s_class_decides_the_exit_code(error: errors.TreadleError, code: int) -> None:
    assert exit_for(error) == code


def test_an_interrupt_exits_130_without_a_traceback() -> None:
    with subprocess.Popen(
        [TREADLE, "schedule", "next", "--stdin"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write('{"expr": "@daily"}\n')
        process.stdin.flush()
        assert process.stdout.readline().startswith('{"next":')
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == Exit.INTERRUPTED
        assert process.stderr.read() == ""


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    command = f"{TREADLE} schedule next '* * * * *' --count 20000 | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.splitlines()[-1] == str(int(Exit.BROKEN_PIPE))
    assert done.stderr == ""


@pytest.mark.parametrize(("arguments", "limit"), [(("--version",), 0.150), (("--help",), 0.250)])
def test_the_command_line_is_there_at_once(tmp_path: Path, arguments: tuple[str, ...], limit: float) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(tmp_path)  # as installed: with the bytecode that pip makes
    took = []
    for _ in range(8):
        before = cpu_seconds_of_children()
        assert treadle(*arguments, env=environment).returncode == 0
        took.append(cpu_seconds_of_children() - before)
    assert min(took) <= limit
