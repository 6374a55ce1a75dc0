"""`treadle dlq`: dead letters, the failed runs that nobody has retried or discarded."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from treadle.cli.completing import letter_ids
from treadle.cli.exits import Exit
from treadle.cli.finding import find_server
from treadle.cli.inputs import Input, Replace, Set, other_inputs
from treadle.cli.options import AsJson, Cursor, DryRun, Limit, NoInput, Where, Yes
from treadle.cli.output import confirm, say, say_more, write_json, write_record, write_table
from treadle.cli.server import Server
from treadle.cli.times import ago
from treadle.client.remote.paths import segment
from treadle.domain.errors import InvalidInput, NotFound, Problem

app = App(name="dlq", help="Dead letters: failed runs that nobody has retried or discarded.")

AT_ONCE: Final = 200

Queues = Annotated[list[str] | None, Parameter(name="--queue", help="Only those of this queue; may be repeated.")]
Jobs = Annotated[list[str] | None, Parameter(name="--job", help="Only those of this job; may be repeated.")]
All = Annotated[bool, Parameter(name="--all", help="All there are, or all of --queue or --job.")]

LetterId = Annotated[str, Parameter(completer=letter_ids)]


@app.command(name="list")
def list_letters(
    *,
    queue: Queues = None,
    job: Jobs = None,
    limit: Limit = 20,
    cursor: Cursor = None,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Lists dead letters, newest first.

    Example: treadle dlq list --job report
    """
    page = find_server(where).get("/dead-letters", queue=queue, job=job, limit=limit, cursor=cursor)
    if json:
        write_json(page)
        return
    write_table(
        ["RUN", "JOB", "QUEUE", "FAILED", "ATTEMPTS", "ERROR"],
        (
            [
                run["run_id"],
                run["job_id"],
                run["queue"],
                ago(run["finished_at"]),
                str(run["attempt"]),
                _line(run["error"]["message"]),
            ]
            for run in page["items"]
        ),
    )
    say_more(page)


@app.command
def show(run_id: LetterId, /, *, where: Where = None, json: AsJson = False) -> None:
    """Shows a dead letter with its attempts.

    Example: treadle dlq show run_019d2f6c1e5b7c3a9f40b1d2c3e4f506
    """
    run = find_server(where).get(f"/dead-letters/{segment(run_id)}")
    write_json(run) if json else write_record(run)


@app.command
def retry(
    *run_ids: LetterId,
    all_: All = False,
    queue: Queues = None,
    job: Jobs = None,
    set_: Set = None,
    input: Input = None,  # noqa: A002 - the option's name
    replace: Replace = False,
    dry_run: DryRun = False,
    where: Where = None,
    json: AsJson = False,
) -> Exit:
    """Retries dead letters as new runs; the inputs given go over those of each. Exits 5 where one cannot be retried.

    Where all that is wrong is that there is none, it exits 4.

    Example: treadle dlq retry --all --job report --set date=2026-11-05
    """
    more = other_inputs(input, set_ or [], replace=replace)
    server = find_server(where)
    chosen = _chosen(server, run_ids, queue, job, every=all_)
    if dry_run:
        return _would(chosen, "retried", as_json=json)
    return _each(server, chosen, "retry", more, as_json=json)


@app.command
def discard(
    *run_ids: LetterId,
    why: Annotated[str, Parameter(help="Why they are not to be tried again; kept with them.")] = "",
    all_: All = False,
    queue: Queues = None,
    job: Jobs = None,
    yes: Yes = False,
    no_input: NoInput = False,
    dry_run: DryRun = False,
    where: Where = None,
    json: AsJson = False,
) -> Exit:
    """Lets dead letters be: they are listed no more. Exits 5 where one cannot be discarded.

    Where all that is wrong is that there is none, it exits 4.

    Example: treadle dlq discard run_019d2f6c1e5b7c3a9f40b1d2c3e4f506 --why "the shop is closed" --yes
    """
    server = find_server(where)
    chosen = _chosen(server, run_ids, queue, job, every=all_)
    if dry_run:
        return _would(chosen, "discarded", as_json=json)
    if chosen and not yes:
        confirm(f"Discard {len(chosen)} dead letter{'s' * (len(chosen) > 1)} for good?", ask=not no_input)
    return _each(server, chosen, "discard", {"why": why}, as_json=json)


def _chosen(
    server: Server, run_ids: tuple[str, ...], queue: list[str] | None, job: list[str] | None, *, every: bool
) -> list[str]:
    """The runs that a command is about: those named, or all that are asked for."""
    if bool(run_ids) == every:
        raise InvalidInput([Problem("/run_ids", "name dead letters by their runs' ids, or say --all")])
    if not every:
        if queue or job:
            raise InvalidInput([Problem("/all", "--queue and --job go with --all, not with ids")])
        return list(run_ids)
    return [run["run_id"] for run in server.pages("/dead-letters", queue=queue, job=job, limit=AT_ONCE)]


def _each(server: Server, run_ids: list[str], verb: str, more: dict[str, Any], *, as_json: bool) -> Exit:
    """Tell the server, and then what became of each."""
    items: list[dict[str, Any]] = []
    for start in range(0, len(run_ids), AT_ONCE):
        part = run_ids[start : start + AT_ONCE]
        items += server.post(f"/dead-letters/{verb}", {"run_ids": part, **more})["items"]
    if as_json:
        write_json({"items": items})
    else:
        for item in items:
            _TOLD.get(item["code"], _tell_refused)(item)
    refused = {item["code"] for item in items} - _TOLD.keys()
    if not refused:
        return Exit.OK
    return Exit.NOT_FOUND if refused == {NotFound.code} else Exit.CONFLICT


def _would(run_ids: list[str], what: str, *, as_json: bool) -> Exit:
    """Tell what would be done, and do nothing."""
    if as_json:
        write_json({"items": [{"run_id": run_id, "code": f"would_be_{what}"} for run_id in run_ids]})
    else:
        sys.stdout.writelines(f"{run_id} would be {what}\n" for run_id in run_ids)
    return Exit.OK


def _tell_retried(item: dict[str, Any]) -> None:
    sys.stdout.write(f"{item['run_id']} is retried as {item['retried_as']}\n")


def _tell_discarded(item: dict[str, Any]) -> None:
    sys.stdout.write(f"{item['run_id']} is discarded\n")


def _tell_refused(item: dict[str, Any]) -> None:
    say(f"{item['run_id']}: {item['message']}")


_TOLD: Final[dict[str, Callable[[dict[str, Any]], None]]] = {"retried": _tell_retried, "discarded": _tell_discarded}


def _line(text: str) -> str:
    """The first line of a message, short enough for a table."""
    first = text.partition("\n")[0]
    return first if len(first) <= 80 else f"{first[:79]}…"
