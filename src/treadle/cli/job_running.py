"""Running jobs from the command line."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from treadle.cli.exits import Exit
from treadle.cli.finding import find_server
from treadle.cli.inputs import Input, Org, Set, read_inputs
from treadle.cli.job_versions import JobId
from treadle.cli.options import AsJson, Timeout, Wait, Watch, Where, patience
from treadle.cli.run import report, submit
from treadle.client.remote.paths import segment
from treadle.domain.errors import NotFound, nearest

Urgency = Annotated[str | None, Parameter(help="critical, high, normal or low; the job's own by default.")]
DependsOn = Annotated[
    list[str] | None, Parameter(help="Wait for these runs, by id: with commas between them, or repeated.")
]
Delay = Annotated[float | None, Parameter(help="Run it in so many seconds.")]
At = Annotated[str | None, Parameter(name=["--at", "--scheduled-for"], help="Run it then: RFC 3339 with an offset.")]


def run_job(
    job_id: JobId,
    /,
    *,
    set_: Set = None,
    input: Input = None,  # noqa: A002 - the option's name
    org: Org = None,
    priority: Urgency = None,
    delay: Delay = None,
    at: At = None,
    depends_on: DependsOn = None,
    join: Annotated[
        str | None, Parameter(help="Which of them must have completed: all, any or always (however they end).")
    ] = None,
    on_parent_failure: Annotated[
        str | None, Parameter(help="What becomes of the run where they do not: cancel, run or wait.")
    ] = None,
    wait: Wait = False,
    watch: Watch = False,
    timeout: Timeout = None,
    where: Where = None,
    json: AsJson = False,
) -> Exit:
    """Runs a job, now where no time is given. Prints the run's id; with --wait the run as it ended.

    Example: treadle job run report --set date=2026-11-05 --wait --timeout 5m
    """
    urgency = int(priority) if priority is not None and priority.isdecimal() else priority
    said = {
        "inputs": read_inputs(input, set_ or [], org) or None,
        "priority": urgency,
        "delay_sec": delay,
        "at": at,
        "depends_on": [run_id for text in depends_on or [] for run_id in text.split(",")] or None,
        "join": join,
        "on_parent_failure": on_parent_failure,
    }
    limit, server = patience(timeout, waits=wait or watch), find_server(where)
    request = {key: value for key, value in said.items() if value is not None}
    run = submit(server, f"/jobs/{segment(job_id)}/run", request)
    return report(server, run, wait=wait, watch=watch, timeout=limit, as_json=json)


def run_by_name(
    job_id: JobId | None = None,
    /,
    *,
    set_: Set = None,
    input: Input = None,  # noqa: A002 - the option's name
    org: Org = None,
    retention: Annotated[int | None, Parameter(help="Short for --set retentionDays=DAYS.")] = None,
    priority: Urgency = None,
    delay: Delay = None,
    at: At = None,
    wait: Wait = False,
    watch: Watch = False,
    timeout: Timeout = None,
    where: Where = None,
    json: AsJson = False,
) -> Exit:
    """Jobs: what to run, when, and within which limits. `treadle job ID` runs the job.

    Example: treadle job report --org acme
    """
    if job_id is None:
        from treadle.cli.main import build_app

        build_app().help_print(["job"])  # by the whole command line, whose name and form its help has
        return Exit.OK
    try:
        return run_job(
            job_id,
            set_=[*(set_ or []), *([] if retention is None else [f"retentionDays={retention}"])],
            input=input,
            org=org,
            priority=priority,
            delay=delay,
            at=at,
            wait=wait,
            watch=watch,
            timeout=timeout,
            where=where,
            json=json,
        )
    except NotFound as error:  # it may have been meant for a command
        from treadle.cli.job import app

        raise NotFound(f"{error.message}{nearest(job_id, app)}") from None
