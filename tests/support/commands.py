"""The command line within this process: what it prints and how it exits, without the start of an interpreter."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from tests.support.up import environment
from treadle.cli.main import run


class Done(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


class Home:
    """A user's machine: their configuration, their environment, and the folder they stand in."""

    def __init__(self, folder: Path, **more: str) -> None:
        self.folder = folder
        self.file = folder / "config" / "treadle" / "config.toml"
        self.environment = environment(XDG_CONFIG_HOME=str(folder / "config"), **more)

    def run(self, *arguments: str, stdin: str = "", **more: str) -> Done:
        """A command to its end; nothing is a terminal to it."""
        given = io.TextIOWrapper(io.BytesIO(stdin.encode()))
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, {**self.environment, **more}, clear=True),
            patch.object(sys, "stdin", given),
            redirect_stdout(out),
            redirect_stderr(err),
            chdir(self.folder),
        ):
            code = run(arguments)
        return Done(code, out.getvalue(), err.getvalue())

    def ask(self, *arguments: str, stdin: str = "", **more: str) -> Any:
        """What a command answers as JSON."""
        done = self.run(*arguments, "--json", stdin=stdin, **more)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def at(url: str, token: str) -> Mapping[str, str]:
    """The environment of somebody with a token for a server."""
    return {"TREADLE_URL": url, "TREADLE_TOKEN": token}
