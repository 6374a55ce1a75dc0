"""`treadle queue`: how queues are; show, pause, resume, drain, set."""

from __future__ import annotations

import re
import sys
from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from treadle.cli.completing import queue_names
from treadle.cli.finding import find_server
from treadle.cli.options import AsJson, Where, seconds
from treadle.cli.output import write_json, write_record, write_table
from treadle.cli.times import ago
from treadle.client.remote.paths import segment
from treadle.domain.errors import InvalidInput, Problem

app = App(name="queue", help="Queues: how they are; pause, resume, drain.")

_RATE: Final = re.compile(r"(\d+)/(?:(.*\d.*)|(ms|s|m|h))")
NO_RATE: Final = "none"

Name = Annotated[str, Parameter(completer=queue_names)]
Create = Annotated[bool, Parameter(negative="", help="Make the queue where no job, run or setting knows the name.")]


@app.command(name="list")
def list_queues(*, where: Where = None, json: AsJson = False) -> None:
    """Lists queues with their runs by status: RUNNING are those that workers have, begun or next in line there.

    Example: treadle queue list
    """
    queues = list(find_server(where).pages("/queues", limit=200))
    if json:
        write_json({"items": queues})
        return
    write_table(
        ["QUEUE", "STATUS", "READY", "SCHEDULED", "BLOCKED", "RUNNING", "OLDEST", "RATE"],
        (
            [queue["name"], _status(queue), *_counts(queue), ago(queue["oldest_due_at"]), _rate(queue)]
            for queue in queues
        ),
    )


@app.command
def show(name: Name, /, *, where: Where = None, json: AsJson = False) -> None:
    """Shows a queue with its runs by status.

    Example: treadle queue show default
    """
    queue = find_server(where).get(f"/queues/{segment(name)}")
    write_json(queue) if json else write_record(queue)


@app.command
def pause(name: Name, /, *, create: Create = False, where: Where = None, json: AsJson = False) -> None:
    """Lets no run of a queue start from now on; what runs goes on.

    Example: treadle queue pause default
    """
    _tell(find_server(where).post(f"/queues/{segment(name)}/pause{_query(create=create)}"), as_json=json)


@app.command
def resume(name: Name, /, *, where: Where = None, json: AsJson = False) -> None:
    """Lets a queue go on that is paused or draining.

    Example: treadle queue resume default
    """
    _tell(find_server(where).post(f"/queues/{segment(name)}/resume"), as_json=json)


@app.command
def drain(name: Name, /, *, create: Create = False, where: Where = None, json: AsJson = False) -> None:
    """Refuses new runs for a queue, and works off those that it has.

    Example: treadle queue drain default
    """
    _tell(find_server(where).post(f"/queues/{segment(name)}/drain{_query(create=create)}"), as_json=json)


@app.command(name="set")
def set_queue(
    name: Name,
    /,
    *,
    rate: Annotated[str, Parameter(help="How often its runs may start, such as 100/60s or 5/h; none is no limit.")],
    create: Create = False,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Sets how often runs of a queue may start.

    Example: treadle queue set default --rate 100/60s
    """
    path = f"/queues/{segment(name)}{_query(create=create)}"
    _tell(find_server(where).put(path, {"rate": read_rate(rate)}), as_json=json)


def read_rate(text: str) -> dict[str, Any] | None:
    """A rate as people write it, as the API takes it. Raises InvalidInput."""
    if text == NO_RATE:
        return None
    found = _RATE.fullmatch(text)
    if found is None:
        raise InvalidInput([Problem("/rate", f"{text!r:.40} is no rate such as 100/60s or 5/h, or {NO_RATE}")])
    return {"runs": int(found[1]), "window_sec": seconds(found[2] or f"1{found[3]}", "/rate")}


def _query(*, create: bool) -> str:
    return "?create=true" if create else ""


def _tell(queue: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        write_json(queue)
        return
    ready, scheduled, blocked, running = _counts(queue)
    told = f"{ready} ready, {scheduled} scheduled, {blocked} blocked, {running} running"
    sys.stdout.write(f"{queue['name']} is {_status(queue)}, its rate {_rate(queue)}: {told}\n")


def _status(queue: dict[str, Any]) -> str:
    return "drained" if queue["drained"] else str(queue["status"])


def _counts(queue: dict[str, Any]) -> list[str]:
    """How many runs are in each status; a count that was broken off has a plus."""
    counts = [queue[status] for status in ("ready", "scheduled", "blocked", "running")]
    return [f"{count}{'+' if queue['at_least'] and count == max(counts) else ''}" for count in counts]


def _rate(queue: dict[str, Any]) -> str:
    rate = queue["rate"]
    return NO_RATE if rate is None else f"{rate['runs']}/{rate['window_sec']:g}s"
