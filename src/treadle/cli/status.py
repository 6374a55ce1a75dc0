"""`treadle status`: how the server and its workers are."""

from __future__ import annotations

import sys

from treadle.cli.exits import Exit
from treadle.cli.finding import find_server
from treadle.cli.options import AsJson, Where
from treadle.cli.output import write_json
from treadle.cli.worker import write_workers

_COUNTED = 200
"""How many runs are counted: a page of them."""


def status(*, where: Where = None, json: AsJson = False) -> Exit:
    """Shows how the server is, who works, and what runs and waits. Exits 3 where work cannot be taken.

    Example: treadle status
    """
    server = find_server(where)
    ready = server.readiness()
    wrong = [each for each in server.health()["findings"] if each["grade"] != "ok"]
    workers = server.get("/workers")["items"]
    running = server.get("/runs", status="running", limit=_COUNTED)
    waiting = server.get("/runs", status=["ready", "blocked", "scheduled"], limit=_COUNTED)
    counts = {"running": len(running["items"]), "waiting": len(waiting["items"])}
    more = {"running": running["has_more"], "waiting": waiting["has_more"]}
    if json:
        runs = {**counts, "at_least": any(more.values())}
        write_json({"url": server.url, **ready, "wrong": wrong, "runs": runs, "workers": workers})
    else:
        sys.stdout.write(f"{server.url} is {ready['status']}\n")
        for each in wrong:
            remedy = f" ({each['remedy']})" if each["remedy"] else ""
            sys.stdout.write(f"{each['grade']} {each['what']}: {each['said']}{remedy}\n")
        told = (f"{count}{'+' if more[name] else ''} {name}" for name, count in counts.items())
        sys.stdout.write(f"runs: {', '.join(told)}\n")
        write_workers(workers)
    return Exit.OK if ready["status"] == "ready" else Exit.SERVER
