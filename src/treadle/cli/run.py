"""`treadle run`: the executions of jobs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final

import msgspec
from cyclopts import App, Parameter

from treadle.cli.bulk import ASKING, Many, act, check_many, check_one
from treadle.cli.compare import compare
from treadle.cli.completing import run_ids
from treadle.cli.exits import Exit
from treadle.cli.filters import EVERYTHING, Filter
from treadle.cli.finding import find_server
from treadle.cli.inputs import Input, Replace, Set, other_inputs
from treadle.cli.options import AsJson, Cursor, Limit, Timeout, Wait, Where, patience, seconds
from treadle.cli.output import log_text, say, say_more, write_json, write_record, write_table
from treadle.cli.server import Server
from treadle.cli.times import ago, took
from treadle.cli.waiting import wait_for, wait_telling
from treadle.client.remote.paths import segment
from treadle.domain.errors import TreadleError, Unavailable
from treadle.domain.logs import told

app = App(name="run", help="Runs: the executions of jobs.")
app.command(compare)

LIMIT = 20
_LAST_LINES_SECONDS: Final = 5.0
"""How long the last lines of a run that has ended may take to come."""

_STANDS: Final = {
    "duplicate": "no new run: this one has the same unique key",
    "debounced": "no new run: this one waits for further submits, and took this one in",
}

RunId = Annotated[str, Parameter(completer=run_ids)]


@app.command(name="list")
def list_runs(
    *,
    wanted: Filter = EVERYTHING,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Lists runs, newest first.

    Example: treadle run list --status failed --job report
    """
    page = find_server(where).get("/runs", **wanted.said(), limit=limit, cursor=cursor)
    if json:
        write_json(page)
        return
    write_runs(page["items"])
    say_more(page)


@app.command
def show(run_id: RunId, /, *, where: Where = None, json: AsJson = False) -> None:
    """Shows a run with its attempts.

    Example: treadle run show run_019d2f6c1e5b7c3a9f40b1d2c3e4f506
    """
    run = find_server(where).get(f"/runs/{segment(run_id)}")
    write_json(run) if json else write_record(run)


@app.command
def steps(run_id: RunId, /, *, where: Where = None, json: AsJson = False) -> None:
    """Lists what a run has done for good: its durable steps.

    Example: treadle run steps run_019d2f6c1e5b7c3a9f40b1d2c3e4f506
    """
    found = find_server(where).get(f"/runs/{segment(run_id)}/steps")
    if json:
        write_json(found)
        return
    write_table(
        ["STEP", "KIND", "RECORDED", "RESULT"],
        (
            [step["name"], step["kind"], ago(step["recorded_at"]), msgspec.json.encode(step["result"]).decode()]
            for step in found["items"]
        ),
    )


@app.command
def watch(run_id: RunId, /, *, timeout: Timeout = None, where: Where = None, json: AsJson = False) -> Exit:
    """Tells how a run stands until it has ended; exits 1 where it does not complete.

    Example: treadle run watch run_019d2f6c1e5b7c3a9f40b1d2c3e4f506 --timeout 5m
    """
    limit, server = seconds(timeout), find_server(where)
    return finish(server, server.get(f"/runs/{segment(run_id)}"), limit, as_json=json)


@app.command
def logs(
    run_id: RunId,
    /,
    *,
    follow: Annotated[bool, Parameter(name=["--follow", "-f"], help="Go on until the run has ended.")] = False,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Prints what a run said. With --json each line is an object.

    Example: treadle run logs -f run_019d2f6c1e5b7c3a9f40b1d2c3e4f506
    """
    server = find_server(where)
    path = f"/runs/{segment(run_id)}/logs"
    lines = _followed(server, path) if follow else server.pages(path, by="after", limit=1_000)
    for line in lines:
        _print_line(line, as_json=json)


@app.command
def retry(
    run_id: RunId | None = None,
    /,
    *,
    wanted: Filter = EVERYTHING,
    many: Many = ASKING,
    spread: Annotated[str | None, Parameter(help="Over how long to spread the starts of many, such as 10m.")] = None,
    set_: Set = None,
    input: Input = None,  # noqa: A002 - the option's name
    replace: Replace = False,
    wait: Wait = False,
    timeout: Timeout = None,
    where: Where = None,
    json: AsJson = False,
) -> Exit:
    """Does again what a finished run did, as a new run; the inputs given go over those of then.

    Without a run, all that the filters find, once it is clear what becomes of them and you have said yes.

    Example: treadle run retry run_019d2f6c1e5b7c3a9f40b1d2c3e4f506 --set date=2026-11-05

    Example: treadle run retry --job report --dead-letters --dry-run
    """
    if run_id is None:
        check_many(wanted, {"set": set_, "input": input, "replace": replace, "wait": wait, "timeout": timeout})
        return act(find_server(where), "retry", wanted, many, spread=spread, as_json=json)
    check_one(wanted, many, {"spread": spread})
    body, limit = other_inputs(input, set_ or [], replace=replace), patience(timeout, waits=wait)
    server = find_server(where)
    run = submit(server, f"/runs/{segment(run_id)}/retry", body)
    return report(server, run, wait=wait, timeout=limit, as_json=json)


@app.command
def cancel(
    run_id: RunId | None = None,
    /,
    *,
    wanted: Filter = EVERYTHING,
    many: Many = ASKING,
    where: Where = None,
    json: AsJson = False,
) -> Exit:
    """Cancels a run: one that waits ends at once, one that runs is told to end.

    Without a run, all that the filters find, once it is clear what becomes of them and you have said yes.

    Example: treadle run cancel run_019d2f6c1e5b7c3a9f40b1d2c3e4f506

    Example: treadle run cancel --job report --status ready --yes
    """
    if run_id is None:
        check_many(wanted, {})
        return act(find_server(where), "cancel", wanted, many, as_json=json)
    check_one(wanted, many, {})
    run = find_server(where).post(f"/runs/{segment(run_id)}/cancel")
    if json:
        write_json(run)
    else:
        said = "cancelled" if run["status"] == "cancelled" else "will be cancelled: it was told to end"
        sys.stdout.write(f"{run['run_id']} {said}\n")
    return Exit.OK


@app.command
def explain(run_id: RunId, /, *, where: Where = None, json: AsJson = False) -> None:
    """Says why a run is not running, or where it is, or how it ended.

    Example: treadle run explain run_019d2f6c1e5b7c3a9f40b1d2c3e4f506
    """
    answer = find_server(where).get(f"/runs/{segment(run_id)}/explain")
    if json:
        write_json(answer)
    else:
        sys.stdout.write(f"{answer['status']}: {answer['message']}\n")


def write_runs(runs: Iterable[dict[str, Any]]) -> None:
    """A table of runs."""
    write_table(
        ["RUN", "JOB", "STATUS", "ATTEMPT", "CREATED", "TOOK"],
        (
            [
                run["run_id"],
                run["job_id"],
                run["status"],
                str(run["attempt"]),
                ago(run["created_at"]),
                took(run["started_at"], run["finished_at"]),
            ]
            for run in runs
        ),
    )


def submit(server: Server, path: str, request: object) -> dict[str, Any]:
    """Submit a run and say where another stands for it; answers the one that stands."""
    run, admission = server.submit(path, request)
    if admission is not None:
        say(_STANDS[admission])
    return dict(run)


def report(
    server: Server, run: dict[str, Any], *, wait: bool, timeout: float | None, as_json: bool, watch: bool = False
) -> Exit:
    """What a command says of a run that it submitted: its id, or with `wait` or `watch` how it ended."""
    if watch:
        return _watch(server, run, timeout, as_json=as_json)
    if wait:
        return finish(server, run, timeout, as_json=as_json)
    if as_json:
        write_json(run)
    else:
        sys.stdout.write(f"{run['run_id']}\n")
        say(f"{run['status']}; follow it by: treadle run logs -f {run['run_id']}")
    return Exit.OK


def finish(server: Server, run: dict[str, Any], timeout: float | None, *, as_json: bool) -> Exit:
    """Wait for a run, telling on standard error how it stands, and print it as it ended."""
    run, outcome = wait_telling(server, run, timeout)
    write_json(run) if as_json else write_record(run)
    return outcome


def _watch(server: Server, run: dict[str, Any], timeout: float | None, *, as_json: bool) -> Exit:
    """Wait for a run, telling on standard error what it says."""

    def tell() -> None:
        try:
            for line in _followed(server, f"/runs/{segment(run['run_id'])}/logs"):
                sys.stderr.write(f"{line['message']}\n")
        except TreadleError as error:  # how the run stands is found out beside this
            say(f"what it says cannot be told: {error.message}")

    telling = threading.Thread(target=tell, daemon=True)
    telling.start()
    run, outcome = wait_for(server, run, timeout, lambda seen: None)
    if outcome is not Exit.TIMEOUT:
        telling.join(_LAST_LINES_SECONDS)
    write_json(run) if as_json else write_record(run)
    return outcome


def _followed(server: Server, path: str) -> Iterator[dict[str, Any]]:
    for event in server.stream(path, follow=True):
        if event.kind == "error":
            raise Unavailable(event.json()["detail"])
        if event.kind == "log":
            yield event.json()


def _print_line(line: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        write_json(line)
        return
    fields = told(line.get("fields"))
    sys.stdout.write(f"{log_text(line['message'])}{' ' if fields else ''}{fields}\n")
    sys.stdout.flush()
