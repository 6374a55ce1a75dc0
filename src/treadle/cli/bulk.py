"""Acting on many runs: select them, foresee what becomes of them, ask, do it, and tell how it went."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from cyclopts import Parameter

from treadle.cli.exits import Exit
from treadle.cli.filters import Filter
from treadle.cli.options import DryRun, NoInput, Yes, seconds
from treadle.cli.output import confirm, say, write_json
from treadle.cli.progress import Progress
from treadle.cli.server import Server
from treadle.client.remote.paths import segment
from treadle.domain.errors import InvalidInput, Problem

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0
_DONE: Final = {"retry": "retried", "cancel": "cancelled, or told to end"}


@Parameter(name="*")
@dataclass(frozen=True)
class Many:
    """How a command is to go about many runs."""

    dry_run: DryRun = False
    yes: Yes = False
    no_input: NoInput = False


ASKING = Many()


def check_many(wanted: Filter, given: Mapping[str, object]) -> None:
    """Raises InvalidInput where neither a run nor a filter was named, or an option that goes with one run alone."""
    if not wanted.said():
        raise InvalidInput([Problem("/run_id", "name a run, or say which by --job, --status, --where and the like")])
    _refuse(given, "goes with one run that is named by its id")


def check_one(wanted: Filter, many: Many, given: Mapping[str, object]) -> None:
    """Raises InvalidInput where beside a run there are options that go with many."""
    _refuse({**wanted.said(), **asdict(many), **given}, "goes with all runs that filters find: leave out the run's id")


def _refuse(given: Mapping[str, object], why: str) -> None:
    if problems := [Problem(f"/{name}", why) for name, value in given.items() if value]:
        raise InvalidInput(problems)


def act(server: Server, action: str, wanted: Filter, many: Many, *, spread: str | None = None, as_json: bool) -> Exit:
    """Do something to each run that a filter finds. Exits 5 where one could not be acted upon that should have been."""
    selection = server.post("/selections", {"filter": wanted.said()})
    asked: dict[str, Any] = {"selection": selection["id"], "action": action}
    if spread is not None:
        asked["spread_ms"] = round(1000 * (seconds(spread, "/spread") or 0))
    foreseen = server.post("/bulk-actions", {**asked, "dry_run": True})
    if not many.dry_run and foreseen["done"]:
        if not many.yes:
            _tell_left(foreseen)
            confirm(f"{action.capitalize()} {_of(foreseen)}?", ask=not many.no_input)
        return _report(_carried_out(server, server.post("/bulk-actions", asked)), as_json=as_json)
    return _report(foreseen, as_json=as_json)


def _carried_out(server: Server, action: dict[str, Any]) -> dict[str, Any]:
    """An action once it has come to its end, telling how far it has come."""
    pause = _FIRST_PAUSE
    with Progress("runs") as progress:
        while action["status"] != "finished":
            time.sleep(pause)
            pause = min(1.5 * pause, _LONGEST_PAUSE)
            action = server.get(f"/bulk-actions/{segment(action['id'])}")
            progress.tell(action["done"] + action["skipped"] + action["failed"], action["total"])
    return action


def _report(action: dict[str, Any], *, as_json: bool) -> Exit:
    if as_json:
        write_json(action)
    else:
        verb = "would be " if action["dry_run"] else ""
        sys.stdout.write(f"{_of(action)} {verb}{_DONE[action['action']]}\n")
        _tell_left(action)
    return Exit.CONFLICT if action["failed"] and not action["dry_run"] else Exit.OK


def _of(action: dict[str, Any]) -> str:
    many = "run" if action["total"] == 1 else "runs"
    return f"{action['done']} of {action['total']} {many}"


def _tell_left(action: dict[str, Any]) -> None:
    for left in action["reasons"]:
        named = ", ".join(left["sample"]) + (", …" if left["count"] > len(left["sample"]) else "")
        say(f"{left['count']} {left['outcome']}, {left['reason'].replace('_', ' ')}: {named}")
