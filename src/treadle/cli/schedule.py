"""`treadle schedule`: when jobs fire."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
from cyclopts import App, Parameter

from treadle.cli.completing import schedule_ids
from treadle.cli.exits import Exit
from treadle.cli.options import AsJson, Where, seconds
from treadle.cli.output import say, write_json, write_record, write_table
from treadle.domain.documents import load_json
from treadle.domain.errors import InvalidInput, MalformedInput, PayloadTooLarge, Problem, TreadleError
from treadle.domain.instants import Instant, from_iso, to_datetime, to_iso
from treadle.domain.shapes import read
from treadle.domain.triggers import fires, parse_cron
from treadle.system import SystemClock

MOST_FIRES: Final = 100_000

app = App(name="schedule", help="When jobs fire.")

ScheduleId = Annotated[str, Parameter(completer=schedule_ids)]


@app.command(name="list")
def list_schedules(
    *,
    job: Annotated[str | None, Parameter(help="Only those of this job.")] = None,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Lists schedules, with when each fires next.

    Example: treadle schedule list --job report
    """
    from treadle.cli.finding import find_server
    from treadle.cli.times import ago

    schedules = list(find_server(where).pages("/schedules", job=job, limit=200))
    if json:
        write_json({"items": schedules})
        return
    write_table(
        ["SCHEDULE", "JOB", "WHEN", "NEXT", "IN", "SOURCE"],
        (
            [
                each["schedule_id"],
                each["job_id"],
                each["when"]["en"],
                each["next_at"] or ("over" if each["active"] else "off"),
                ago(each["next_at"]),
                each["source"],
            ]
            for each in schedules
        ),
    )


@app.command
def show(
    schedule: ScheduleId,
    /,
    *,
    count: Annotated[int, Parameter(help="How many of its next slots.")] = 5,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Shows a schedule, with its next slots.

    Example: treadle schedule show report --count 10
    """
    from treadle.cli.finding import find_server
    from treadle.client.remote.paths import segment

    server, path = find_server(where), f"/schedules/{segment(schedule)}"
    told = {**server.get(path), "next": server.get(f"{path}/next", count=count)["next"]}
    write_json(told) if json else write_record(told)


@app.command
def pause(schedule: ScheduleId, /, *, where: Where = None, json: AsJson = False) -> None:
    """Keeps a schedule from firing until it is resumed, also over restarts and new versions of its job.

    Example: treadle schedule pause report
    """
    _tell(_post(schedule, "pause", where), "paused", json)


@app.command
def resume(schedule: ScheduleId, /, *, where: Where = None, json: AsJson = False) -> None:
    """Lets a schedule fire again, from its next slot on.

    Example: treadle schedule resume report
    """
    _tell(_post(schedule, "resume", where), "resumed", json)


@app.command
def trigger(schedule: ScheduleId, /, *, where: Where = None, json: AsJson = False) -> None:
    """Submits a run with a schedule's inputs, now.

    Example: treadle schedule trigger report
    """
    run = _post(schedule, "trigger", where)
    if json:
        write_json(run)
    else:
        sys.stdout.write(f"{run['run_id']}\n")


@app.command
def backfill(
    schedule: ScheduleId,
    /,
    *,
    after: Annotated[str, Parameter(help="The first moment, such as 2026-11-01T00:00:00Z.")],
    before: Annotated[str, Parameter(help="The moment up to which, itself left out.")],
    order: Annotated[Literal["oldest", "newest"], Parameter(help="Which of the slots come first.")] = "oldest",
    limit: Annotated[int | None, Parameter(help="At most so many, the first in this order; 1,000 by default.")] = None,
    spread: Annotated[str | None, Parameter(help="Over how long the starts are spread, such as 10m.")] = None,
    dry_run: Annotated[bool, Parameter(help="Only print the slots.")] = False,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Submits a run for each slot of a time gone by that has none.

    Example: treadle schedule backfill report --after 2026-11-01T00:00:00Z --before 2026-11-05T00:00:00Z --dry-run
    """
    spread_ms = round((seconds(spread, "/spread") or 0) * 1_000)
    body = {"after": after, "before": before, "order": order, "dry_run": dry_run, "spread_ms": spread_ms}
    body |= {} if limit is None else {"limit": limit}
    made = _post(schedule, "backfill", where, body)
    if json:
        write_json(made)
        return
    runs = made["run_ids"] or [""] * len(made["slots"])
    write_table(["SLOT", "RUN"], ([slot, run] for slot, run in zip(made["slots"], runs, strict=True)))
    if made["left"]:
        say(f"{made['left']} more were left out by the limit")


def _post(schedule: str, verb: str, where: Where, body: object = None) -> Any:
    from treadle.cli.finding import find_server
    from treadle.client.remote.paths import segment

    return find_server(where).post(f"/schedules/{segment(schedule)}/{verb}", body)


def _tell(schedule: Any, done: str, json: bool) -> None:  # noqa: FBT001
    if json:
        write_json(schedule)
        return
    following = schedule["next_at"] or "never"
    sys.stdout.write(f"{schedule['schedule_id']} is {done}; it fires next: {following}\n")


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `next` is asked, on the command line or by a line of standard input."""

    expr: str
    tz: str = "UTC"
    after: str | None = None
    count: Annotated[int, msgspec.Meta(ge=1, le=MOST_FIRES)] = 5


@app.command(name="next")
def next_fires(
    expr: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    /,
    *,
    tz: str = "UTC",
    after: str | None = None,
    count: int = 5,
    json: bool = False,
    stdin: bool = False,
) -> Exit:
    """Shows when a cron expression fires next. Needs no server.

    Example: treadle schedule next "30 2 * * *" --tz Asia/Jakarta --count 3

    Parameters
    ----------
    expr
        Five fields, six with seconds first, or a name like @daily; in quotes.
    tz
        The IANA time zone whose clock the expression is read by.
    after
        An ISO 8601 time with its offset, like 2026-03-29T00:00:00Z; now by default.
    count
        How many.
    json
        Print {"next": [...]} in UTC.
    stdin
        Read a JSON object {"expr", "tz", "after", "count"} from each line, and answer each with a line of JSON; the
        options stand in for what a line leaves out.
    """
    given = {"tz": tz, "after": after, "count": count}
    if stdin == (expr is not None):
        raise InvalidInput([Problem("/expr", "give a cron expression, or --stdin to read them from standard input")])
    if stdin:
        return _answer_lines(sys.stdin.buffer, given)

    question = read({"expr": expr, **given}, Question)
    slots = _answer(question)
    if json:
        write_json(_as_json(slots))
    elif slots:
        zone = ZoneInfo(question.tz)
        local = (_local(to_datetime(slot).astimezone(zone)) for slot in slots)
        write_table(["UTC", question.tz], zip(map(to_iso, slots), local, strict=True))
    else:
        say(f"{expr} fires at no time in the 50 years from {question.after or 'now'}")
    return Exit.OK


def _answer(question: Question) -> list[Instant]:
    """The fires asked for; fewer where there are no more. Raises InvalidInput."""
    trigger = parse_cron(question.expr, question.tz)
    try:
        after = SystemClock().wall() if question.after is None else from_iso(question.after)
    except ValueError as error:
        raise InvalidInput([Problem("/after", f"{error}: write it like 2026-03-29T00:00:00Z")]) from error
    return list(islice(fires(trigger, after), question.count))


def _answer_lines(lines: Iterable[bytes], defaults: dict[str, Any]) -> Exit:
    """Answers every line that is not blank, each as soon as it is read."""
    outcome = Exit.OK
    for line in lines:
        if not line.strip():
            continue
        try:
            write_json(_as_json(_answer(_question(line, defaults))))
        except (InvalidInput, MalformedInput, PayloadTooLarge) as error:
            write_json({"error": _as_fault(error)})
            outcome = Exit.USAGE
    return outcome


def _question(line: bytes, defaults: dict[str, Any]) -> Question:
    given = load_json(line)
    return read({**defaults, **given} if isinstance(given, dict) else given, Question)


def _as_json(slots: list[Instant]) -> dict[str, list[str]]:
    return {"next": [to_iso(slot) for slot in slots]}


def _as_fault(error: TreadleError) -> dict[str, str]:
    problems = error.problems if isinstance(error, InvalidInput) else (Problem("", error.message),)
    return {
        "code": error.code,
        "field": problems[0].pointer.removeprefix("/"),
        "reason": "; ".join(problem.message for problem in problems),
    }


def _local(moment: datetime) -> str:
    return moment.strftime("%a %Y-%m-%d %H:%M:%S %z")
