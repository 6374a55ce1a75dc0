"""`treadle lane`: who holds lanes, and their limits."""

from __future__ import annotations

import sys
from typing import Annotated, Any

from cyclopts import App, Parameter

from treadle.cli.completing import lane_keys
from treadle.cli.finding import find_server
from treadle.cli.options import AsJson, Where
from treadle.cli.output import write_json, write_record, write_table
from treadle.client.remote.paths import segment

app = App(name="lane", help="Lanes: how many runs may be active at once, and who is.")

Key = Annotated[str, Parameter(completer=lane_keys)]


@app.command(name="list")
def list_lanes(*, where: Where = None, json: AsJson = False) -> None:
    """Lists lanes with their limits, and how many hold them and wait for them.

    Example: treadle lane list
    """
    lanes = list(find_server(where).pages("/lanes", limit=200))
    if json:
        write_json({"items": lanes})
        return
    write_table(
        ["LANE", "LIMIT", "DECLARED", "HELD", "WAITING"],
        ([lane["key"], _limit(lane), _or_none(lane["declared"]), str(lane["held"]), _waiting(lane)] for lane in lanes),
    )


@app.command
def show(key: Key, /, *, where: Where = None, json: AsJson = False) -> None:
    """Shows a lane with the runs that hold it.

    Example: treadle lane show key:acme
    """
    lane = find_server(where).get(f"/lanes/{segment(key)}")
    write_json(lane) if json else write_record(lane)


@app.command(name="set")
def set_limit(key: Key, limit: int, /, *, where: Where = None, json: AsJson = False) -> None:
    """Sets the limit of a lane by hand, before what jobs declare; 0 lets nothing more start.

    Example: treadle lane set key:acme 3
    """
    _tell(find_server(where).put(f"/lanes/{segment(key)}", {"limit": limit}), as_json=json)


@app.command
def clear(key: Key, /, *, where: Where = None, json: AsJson = False) -> None:
    """Takes back a limit that was set by hand: what jobs declare holds again.

    Example: treadle lane clear key:acme
    """
    find_server(where).delete(f"/lanes/{segment(key)}")
    if json:
        write_json({"key": key, "by_hand": None})
    else:
        sys.stdout.write(f"{key} has the limit that its jobs declare\n")


def _tell(lane: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        write_json(lane)
        return
    sys.stdout.write(f"{lane['key']} lets {_limit(lane)} be active: {lane['held']} are, {_waiting(lane)} wait\n")


def _limit(lane: dict[str, Any]) -> str:
    return f"{lane['limit']}{' (by hand)' if lane['by_hand'] is not None else ''}"


def _waiting(lane: dict[str, Any]) -> str:
    return f"{lane['waiting']}{'+' if lane['waiting'] >= 1_000 else ''}"


def _or_none(value: int | None) -> str:
    return "none" if value is None else str(value)
