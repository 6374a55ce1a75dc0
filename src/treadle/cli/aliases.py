"""The spellings of other platforms' command lines: each does what a command of ours does, and is listed nowhere."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from treadle.cli import queue as queues
from treadle.cli.exits import Exit
from treadle.cli.filters import Filter
from treadle.cli.finding import find_server
from treadle.cli.inputs import Org, read_file
from treadle.cli.job_running import DependsOn, Urgency, run_job
from treadle.cli.options import AsJson, Where
from treadle.cli.output import write_json, write_table
from treadle.cli.run import LIMIT, list_runs, write_runs
from treadle.cli.schedule import list_schedules

_UNFINISHED: Final = ("ready", "running", "scheduled", "blocked")
_MANY: Final = 50
_ONE_QUEUE: Final = "default"

Queue = Annotated[str, Parameter(name="--queue", help="Which queue.")]
Status = Annotated[list[str] | None, Parameter(help="Only runs in this status; may be repeated.")]
HowMany = Annotated[int, Parameter(help="How many, 200 at most.")]
Key = Annotated[
    str | None, Parameter(help='The input concurrencyKey, for a job whose concurrency_key is "{concurrencyKey}".')
]


def enqueue(
    job_id: str,
    /,
    *,
    priority: Urgency = None,
    org: Org = None,
    scheduled_for: Annotated[str | None, Parameter(help="Run it then: RFC 3339 with an offset.")] = None,
    depends_on: DependsOn = None,
    concurrency_key: Key = None,
    where: Where = None,
    json: AsJson = False,
) -> Exit:
    """Runs a job, as `treadle job run` does.

    Example: treadle queue:enqueue report --priority high --org acme
    """
    key = [] if concurrency_key is None else [f"concurrencyKey={concurrency_key}"]
    return run_job(
        job_id,
        set_=key,
        org=org,
        priority=priority,
        at=scheduled_for,
        depends_on=depends_on,
        where=where,
        json=json,
    )


def pause(*, queue: Queue = _ONE_QUEUE, where: Where = None, json: AsJson = False) -> None:
    """Pauses a queue, as `treadle queue pause` does.

    Example: treadle queue:pause
    """
    queues.pause(queue, where=where, json=json)


def resume(*, queue: Queue = _ONE_QUEUE, where: Where = None, json: AsJson = False) -> None:
    """Resumes a queue, as `treadle queue resume` does.

    Example: treadle queue:resume
    """
    queues.resume(queue, where=where, json=json)


def drain(*, queue: Queue = _ONE_QUEUE, where: Where = None, json: AsJson = False) -> None:
    """Drains a queue, as `treadle queue drain` does.

    Example: treadle queue:drain
    """
    queues.drain(queue, where=where, json=json)


def list_queued(
    *,
    limit: HowMany = _MANY,
    status: Status = None,
    priority: Annotated[list[str] | None, Parameter(help="critical, high, normal or low.")] = None,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Lists runs that have not ended, or those in a status.

    Example: treadle queue:list --priority critical --limit 10
    """
    found = find_server(where).pages("/runs", status=status or _UNFINISHED, limit=200)
    runs = list(islice((run for run in found if not priority or run["priority"] in priority), limit))
    if json:
        write_json({"items": runs})
    else:
        write_runs(runs)


def executions(
    *,
    limit: HowMany = LIMIT,
    org: Annotated[str | None, Parameter(help="Only those with this orgId, a searchable input.")] = None,
    status: Status = None,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Lists runs, as `treadle run list` does.

    Example: treadle executions --limit 10 --status failed
    """
    wanted = Filter(status=status, where=None if org is None else [f"orgId={org}"])
    list_runs(wanted=wanted, limit=limit, where=where, json=json)


def schedules(
    *,
    config: Annotated[Path | None, Parameter(help="Those of a scheduler.yaml, without a server.")] = None,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Lists schedules, as `treadle schedule list` does.

    Example: treadle schedules --config scheduler.yaml
    """
    if config is None:
        list_schedules(where=where, json=json)
        return
    from treadle.authoring.schedule_file import read_schedules

    found = read_schedules(read_file(str(config)), file=config.name, jobs=None)
    if json:
        write_json({"items": found})
        return
    write_table(
        ["JOB", "CRON", "TIME ZONE", "ENABLED", "SOURCE"],
        (
            [each.job_id, str(each.spec.cron), each.spec.timezone, "yes" if each.spec.enabled else "no", each.source]
            for each in found
        ),
    )
