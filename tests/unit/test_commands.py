"""Rules that every command keeps, held against the whole tree so that none can escape them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from treadle.cli.exits import Exit
from treadle.cli.main import ALIASES, COMMANDS, build_app, run
from treadle.cli.reference import Command, commands

EVERY: Final = list(commands(aliases=True))

BECOME_SERVICES: Final = {"up", "api", "scheduler", "worker", "daemon", "queue:start", "job register"}
"""They print nothing: the process becomes another."""

WRITE_TEXT: Final = {"completion", "job docs"}
"""They print what is no data: a script, a page."""

DESTROY: Final = {"dlq discard", "domain delete", "job delete", "message discard", "token revoke", "user disable"}
"""What they do cannot be undone."""

TO_MANY: Final = {"run retry", "run cancel", "queue:cancel"}
"""What they do, they do to as many as there are."""

OPEN_DATABASE: Final = {"backup", "doctor", "migrate"}

NEED_NOTHING_AT_START: Final = (
    "treadle.api", "treadle.authoring", "treadle.engines", "treadle.services", "treadle.worker", "fastapi", "pydantic",
    "asyncio", "httpx2", "apsw", "asyncpg", "yaml", "rich.console", "rich.markdown", "structlog", "jsonschema_rs",
)  # fmt: skip


def name(command: Command) -> str:
    return " ".join(command.path)


@pytest.mark.parametrize("command", EVERY, ids=name)
def test_every_command_says_what_it_does_and_shows_an_example_that_is_right(command: Command) -> None:
    assert command.description.partition("\n")[0].rstrip(".")
    assert command.example, "its docstring has no line `Example: treadle …`"
    treadle, *words = shlex.split(command.example)
    assert treadle == "treadle"
    assert tuple(words[: len(command.path)]) == command.path or command.path[0] in ALIASES
    build_app().parse_args(words)  # raises where it is wrong


@pytest.mark.parametrize("command", EVERY, ids=name)
def test_every_command_that_prints_data_prints_it_as_json_too(command: Command) -> None:
    assert ("--json" in command.names) is (name(command) not in BECOME_SERVICES | WRITE_TEXT)


@pytest.mark.parametrize("command", EVERY, ids=name)
def test_what_destroys_or_is_done_to_many_asks_and_can_be_tried_dry(command: Command) -> None:
    asks = {"--yes", "-y", "--no-input", "--dry-run"}
    assert command.names.issuperset(asks) is (name(command) in DESTROY | TO_MANY)
    assert ("--yes" in command.names) is (name(command) in DESTROY | TO_MANY)


@pytest.mark.parametrize("command", EVERY, ids=name)
def test_every_option_is_explained(command: Command) -> None:
    unexplained = [each.name for each in command.rows if each.name.startswith("-") and not each.meaning]
    assert not unexplained


def test_no_secret_is_an_argument() -> None:
    secrets = {"--token", "--password", "--secret"}
    assert not [name(command) for command in EVERY if command.names & secrets]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["jbo"], '"job"'),
        (["queue", "lst"], '"list"'),
        (["token", "revok", "x"], '"revoke"'),
        (["run", "list", "--jsn"], "--json"),
        (["user", "create", "ana", "--scop", "read"], "--scope"),
        (["profile", "use"], "NAME"),
    ],
)
def test_a_slip_is_answered_with_the_nearest_word(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == Exit.USAGE
    told = capsys.readouterr()
    assert (told.out, said in told.err) == ("", True), told.err


def test_the_list_of_commands_is_the_tree_and_hides_other_spellings(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == Exit.OK
    told = capsys.readouterr().out
    listed = {line.split()[0] for line in told.splitlines() if line.startswith("  ")}
    named = [each for names in COMMANDS.values() for each in names]
    assert listed == set(named)
    assert len(named) == len(listed)
    assert not listed & ALIASES.keys()


@pytest.mark.parametrize(
    "words",
    [["job", "list"], ["run", "list"], ["queue", "list"], ["schedule", "list"], ["worker", "list"], ["token", "list"]],
)
def test_a_list_is_there_at_once_for_it_imports_little(words: list[str], tmp_path: Path) -> None:
    """What it imports decides how long a command takes to start; how long is measured elsewhere."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TREADLE_")}
    environment = {**kept, "PYTHONPROFILEIMPORTTIME": "1", "XDG_CONFIG_HOME": str(tmp_path)}
    treadle = str(Path(sys.executable).with_name("treadle"))
    done = subprocess.run(
        [treadle, *words], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, "no server runs on" in done.stderr) == (Exit.SERVER, True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time")}
    assert "treadle.cli.finding" in imported
    needless = [each for each in imported if each.startswith(NEED_NOTHING_AT_START)]
    assert not needless


def test_of_all_commands_only_those_that_open_the_database_import_what_does() -> None:
    places = [place for names in COMMANDS.values() for name, (place, _) in names.items() if name not in OPEN_DATABASE]
    modules = {place.partition(":")[0] for place in [*places, *ALIASES.values()]}
    statement = (
        f"import sys, importlib; [importlib.import_module(each) for each in {sorted(modules)}]; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", statement], capture_output=True, text=True, timeout=60, check=True)
    assert [each for each in done.stdout.split() if each.startswith(NEED_NOTHING_AT_START)] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_of_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == Exit.OK
    script = capsys.readouterr().out
    for command in commands():
        assert command.path[-1] in script
    assert "__complete" in script  # and asks at run time for what only the server knows
