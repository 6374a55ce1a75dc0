"""`treadle job`: what is to be run, and running it."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from treadle.cli.exits import Exit
from treadle.cli.finding import find_server
from treadle.cli.inputs import Input, Org, Set, read_file, read_inputs
from treadle.cli.job_versions import JobId, edit, rollback, versions
from treadle.cli.options import AsJson, DryRun, NoInput, Timeout, Wait, Watch, Where, Yes
from treadle.cli.output import confirm, say, write_json, write_record, write_table
from treadle.cli.run import report, submit
from treadle.cli.server import segment
from treadle.cli.times import ago, when
from treadle.domain.documents import load_json, load_yaml
from treadle.domain.errors import InvalidInput, NotFound, nearest

app = App(
    name="job",
    help="Jobs: what to run, when, and within which limits. `treadle job ID` runs one.\n\nExample: treadle job report",
)
_ELSEWHERE: Final = {
    "scaffold": (
        "treadle.cli.job_files:new_job",
        "Writes the file of a new job, and a test that passes.\n\nExample: treadle job scaffold resize --kind class",
    ),
    "verify": (
        "treadle.cli.verify:verify",
        "Kills a job at every point, and says whether it is safe to retry.\n\nExample: treadle job verify charge",
    ),
    "register": (
        "treadle.cli.services:register",
        "Registers the jobs of task files, once for each release.\n\nExample: treadle job register --tasks tasks",
    ),
    "docs": (
        "treadle.cli.job_files:docs",
        "Writes a page of Markdown about all jobs.\n\nExample: treadle job docs --tasks tasks",
    ),
}
"""Commands of modules that are slow to import: their help is here, so that listing them does not."""

for _name, (_path, _help) in _ELSEWHERE.items():
    app.command(_path, name=_name, help=_help)
for _command in (edit, versions, rollback):
    app.command(_command)

File = Annotated[str, Parameter(allow_leading_hyphen=True, help="JSON or YAML; - is standard input.")]
Urgency = Annotated[str | None, Parameter(help="critical, high, normal or low; the job's own by default.")]
DependsOn = Annotated[
    list[str] | None, Parameter(help="Wait for these runs, by id: with commas between them, or repeated.")
]
Delay = Annotated[float | None, Parameter(help="Run it in so many seconds.")]
At = Annotated[str | None, Parameter(name=["--at", "--scheduled-for"], help="Run it then: RFC 3339 with an offset.")]


@app.command(name="list")
def list_jobs(*, where: Where = None, json: AsJson = False) -> None:
    """Lists all jobs.

    Example: treadle job list
    """
    jobs = list(find_server(where).pages("/jobs", limit=200))
    if json:
        write_json({"items": jobs})
        return
    write_table(
        ["JOB", "SCHEDULE", "NEXT", "ENABLED", "VERSION", "DESCRIPTION"],
        (
            [
                job["job_id"],
                when(job.get("schedule")),
                ago(job.get("next_run_at")),
                "yes" if job["enabled"] else "no",
                str(job["version"]),
                job["description"],
            ]
            for job in jobs
        ),
    )


@app.command
def show(
    job_id: JobId,
    /,
    *,
    origins: Annotated[bool, Parameter(help="Show where each value came from, alone.", negative="")] = False,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Shows a job's definition, and in comments where each of its values came from.

    Example: treadle job show report
    """
    server, path = find_server(where), f"/jobs/{segment(job_id)}"
    came_from = server.get(f"{path}/origins")["values"] if origins or not json else {}
    if json:
        write_json(came_from if origins else server.get(path))
        return
    if not origins:
        write_record(server.get(path))
    mark = "" if origins else "# "
    sys.stdout.writelines(f"{mark}{key}: {origin}\n" for key, origin in came_from.items())


@app.command
def create(file: File, /, *, where: Where = None, json: AsJson = False) -> None:
    """Defines a job from a JSON or YAML file; - reads standard input.

    Example: treadle job create report.yaml
    """
    job = find_server(where).post("/jobs", read_document(file))
    if json:
        write_json(job)
    else:
        sys.stdout.write(f"{job['job_id']}\n")


@app.command
def replace(job_id: JobId, file: File, /, *, where: Where = None, json: AsJson = False) -> None:
    """Gives a job the definition in a JSON or YAML file; its limits hold at once. Exits 5 where the file has a version
    that stands no more.

    Example: treadle job replace report report.yaml
    """
    job = find_server(where).put(f"/jobs/{segment(job_id)}", read_document(file))
    if json:
        write_json(job)
    else:
        sys.stdout.write(f"{job['job_id']} is at version {job['version']}\n")


@app.command(name="run")
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
    server = find_server(where)
    request = {key: value for key, value in said.items() if value is not None}
    run = submit(server, f"/jobs/{segment(job_id)}/run", request)
    return report(server, run, wait=wait, watch=watch, timeout=timeout, as_json=json)


@app.default
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
        raise NotFound(f"{error.message}{nearest(job_id, app)}") from None


@app.command
def enable(job_id: JobId, /, *, where: Where = None, json: AsJson = False) -> None:
    """Lets a job's schedules fire.

    Example: treadle job enable report
    """
    _switch(job_id, "enable", where, as_json=json)


@app.command
def disable(job_id: JobId, /, *, where: Where = None, json: AsJson = False) -> None:
    """Keeps a job's schedules from firing; it can still be run by hand.

    Example: treadle job disable report
    """
    _switch(job_id, "disable", where, as_json=json)


@app.command
def delete(
    job_id: JobId,
    /,
    *,
    yes: Yes = False,
    no_input: NoInput = False,
    dry_run: DryRun = False,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Removes a job and its schedules. Its runs and versions are kept.

    Example: treadle job delete report --yes
    """
    server = find_server(where)
    server.get(f"/jobs/{segment(job_id)}")
    if not dry_run:
        if not yes:
            confirm(f"Delete the job {job_id} and its schedules? Its runs are kept.", ask=not no_input)
        server.delete(f"/jobs/{segment(job_id)}")
    if json:
        write_json({"job_id": job_id, "deleted": not dry_run})
    else:
        say(f"job {job_id} {'would be' if dry_run else 'is'} deleted")


@app.command
def validate(file: File, /, *, json: AsJson = False) -> Exit:
    """Checks a job's JSON or YAML file, naming every fault. Needs no server.

    Example: treadle job validate report.yaml
    """
    from treadle.domain.jobs import parse_job

    try:
        spec = parse_job(read_document(file))
    except InvalidInput as error:
        if not json:
            raise
        faults = [{"pointer": each.pointer, "message": each.message, "code": each.code} for each in error.problems]
        write_json({"valid": False, "errors": faults})
        return Exit.USAGE
    if json:
        write_json({"valid": True, "errors": [], "job_id": spec.job_id})
    else:
        sys.stdout.write(f"{spec.job_id} is valid\n")
    return Exit.OK


def read_document(file: str) -> Any:
    """The value in a JSON or YAML file. Raises MalformedInput."""
    data = read_file(file)
    looks_like_json = data.lstrip()[:1] == b"{" and not file.endswith((".yaml", ".yml"))
    return load_json(data) if looks_like_json or file.endswith(".json") else load_yaml(data)


def _switch(job_id: str, verb: str, where: Where, *, as_json: bool) -> None:
    job = find_server(where).post(f"/jobs/{segment(job_id)}/{verb}")
    if as_json:
        write_json(job)
    else:
        sys.stdout.write(f"{job['job_id']} is {'enabled' if job['enabled'] else 'disabled'}\n")
