"""Secrets as people give them: by a file, by standard input, or by a prompt that does not show them. Never as an
argument: everybody on the machine sees those."""

from __future__ import annotations

import sys

from treadle.cli.inputs import read_file
from treadle.domain.errors import InvalidInput, Problem


def read_secret(what: str, file: str | None, *, ask: bool, twice: bool = False) -> str:
    """A secret: the first line of a file (- is standard input), else asked for on a terminal, else that of standard
    input. `twice` asks once more, for one that is new. Raises InvalidInput where there is none.
    """
    if file is None and sys.stdin.isatty():
        if not ask:
            raise InvalidInput([Problem(f"/{what}-file", f"say where the {what} is: FILE, or - for standard input")])
        secret = _asked(what)
        if twice and _asked(f"{what} once more") != secret:
            raise InvalidInput([Problem(f"/{what}", "was not the same both times")])
    else:
        secret = read_file(file or "-").decode(errors="replace").partition("\n")[0].rstrip("\r")
    if not secret.strip():
        raise InvalidInput([Problem(f"/{what}", "is empty")])
    return secret


def _asked(what: str) -> str:
    from getpass import getpass

    return getpass(f"treadle: {what}: ", stream=sys.stderr)
