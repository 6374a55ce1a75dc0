"""`treadle console`: a way into the console without a password."""

from __future__ import annotations

import sys

from treadle.cli.finding import find_server
from treadle.cli.options import AsJson, Where
from treadle.cli.output import say, write_json


def console(*, where: Where = None, json: AsJson = False) -> None:
    """Prints a link that logs a browser on this machine in to the console, once and within ten minutes.

    Example: treadle console
    """
    server = find_server(where)
    made = server.post("/session/link")
    link = link_to(server.url, made["secret"])
    if json:
        write_json({"url": link, "expires_at": made["expires_at"]})
        return
    say(f"it opens one session, once, until {made['expires_at']}")
    sys.stdout.write(f"{link}\n")


def link_to(url: str, code: str) -> str:
    """The link of a server's console that carries a code. Behind the #, no log of a server or proxy gets to see it."""
    return f"{url}/console/#code={code}"
