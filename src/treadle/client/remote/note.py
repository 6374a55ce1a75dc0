"""`server.json` in a data folder: where the API on it answers, for the command line of this machine.

It imports little, as `treadle up` keeps it in memory for as long as it runs.
"""

from __future__ import annotations

import json
import os
from typing import Final, NamedTuple

_NAME: Final = "server.json"


class Note(NamedTuple):
    """The API's URL, the process that answers for it, and its certificate's file where it answers by HTTPS."""

    url: str
    pid: int
    certificate: str


def url_here(host: str, port: int, *, secure: bool) -> str:
    """The address of a server as a browser on its own machine can open it."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing is bound here
    return f"{'https' if secure else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def leave_note(data: str, url: str, certificate: str) -> None:
    """Say that this process serves there. One is never seen half written."""
    told = Note(url, os.getpid(), certificate and os.path.abspath(certificate))
    draft = f"{data}/{_NAME}.{told.pid}"
    with open(draft, "w", encoding="utf-8") as file:
        json.dump(told._asdict(), file)
    os.replace(draft, f"{data}/{_NAME}")


def find_note(data: str) -> Note | None:
    """What a process that still runs has left there."""
    try:
        with open(f"{data}/{_NAME}", encoding="utf-8") as file:
            told = json.load(file)
        os.kill(told["pid"], 0)
        return Note(told["url"], told["pid"], told.get("certificate", ""))
    except (OSError, ValueError, KeyError):
        return None


def take_note_back(data: str) -> None:
    """Say nothing more there, where it is this process that does."""
    if (found := find_note(data)) is not None and found.pid == os.getpid():
        os.unlink(f"{data}/{_NAME}")
