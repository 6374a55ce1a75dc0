"""Pages whose commands are run, and whose excerpts are compared with what the commands print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[2]
WRITTEN_URL: Final = "http://127.0.0.1:8000"
"""Where Treadle answers in the pages."""

_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Command(NamedTuple):
    """A block of commands, and what the page shows that it prints."""

    script: str
    shown: str | None


def commands(page: str) -> Iterator[Command]:
    """The blocks of a page that are marked `sh`, each with the excerpt that follows it."""
    blocks = _BLOCK.findall(page)
    for (language, script), (following, shown) in zip(blocks, [*blocks[1:], ("", "")], strict=True):
        if language == "sh":
            yield Command(script, shown if following == "text" else None)


def name(command: Command) -> str:
    """What a test of a command is called."""
    return command.script.strip().splitlines()[-1][:60]


def matches(shown: str | None, printed: str) -> bool:
    """Whether a text is what a page shows: its `…` stands for anything, and its blanks for any number of them."""
    if shown is None:
        return True
    pattern = re.escape(shown.strip()).replace("…", ".*?")
    return re.fullmatch(re.sub(r"(\\ )+", r"\\s+", pattern), printed.strip(), re.DOTALL) is not None


class Terminal:
    """A shell in which one block follows the other: the variables of one are there for the next."""

    def __init__(self, folder: Path, url: str = WRITTEN_URL, environment: Mapping[str, str] | None = None) -> None:
        """`url`: where Treadle answers in truth."""
        self._folder = folder
        self._url = url
        self._environment = dict(environment or {})
        (folder / ".variables").touch()

    def run(self, script: str) -> str:
        """Standard output of a block; its last command must succeed, and so must every other that stands alone."""
        script = script.replace(WRITTEN_URL, self._url)
        script = re.sub(r"scripts/bench (.*)", rf"{sys.executable} -m benchmarks \1 --help", script)
        whole = f"set -eu; . ./.variables; {script}\ndeclare -p API AUTH JSON RUN 2>/dev/null >.variables || true"
        env = {key: value for key, value in os.environ.items() if not key.startswith("TREADLE_")}
        env |= {"PATH": f"{Path(sys.executable).parent}:{env['PATH']}", "PYTHONPATH": str(ROOT), **self._environment}
        ended = subprocess.run(
            ["bash", "-c", whole], cwd=self._folder, env=env, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, f"{script}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout.replace(self._url, WRITTEN_URL)
