"""`treadle job`: what is to be run, and running it."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from treadle.cli.exits import Exit
from treadle.cli.finding import find_server
from treadle.cli.inputs import read_file
from treadle.cli.job_running import run_by_name, run_job
from treadle.cli.job_versions import JobId, edit, rollback, versions
from treadle.cli.options import AsJson, DryRun, NoInput, Where, Yes
from treadle.cli.output import confirm, say, write_json, write_record, write_table
from treadle.cli.times import ago
from treadle.client.remote.paths import segment
from treadle.domain.documents import load_json, load_yaml
from treadle.domain.errors import InvalidInput

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
app.command(run_job, name="run")
app.default(run_by_name)

File = Annotated[str, Parameter(allow_leading_hyphen=True, help="JSON or YAML; - is standard input.")]


@app.command(name="list")
def list_jobs(*, where: Where = None, json: AsJson = False) -> None:
    """Lists all jobs.

    Example: treadle job list
    """
    server = find_server(where)
    jobs = list(server.pages("/jobs", limit=200))
    if json:
        write_json({"items": jobs})
        return
    # A job's own schedule has the job's id.
    words = {each["schedule_id"]: each["when"]["en"] for each in server.pages("/schedules", limit=200)}
    write_table(
        ["JOB", "SCHEDULE", "NEXT", "ENABLED", "VERSION", "DESCRIPTION"],
        (
            [
                job["job_id"],
                words.get(job["job_id"], "-"),
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
    """The value in a JSON or YAML file. Raises MalformedInput, and InvalidInput for one that holds nothing."""
    data = read_file(file)
    looks_like_json = data.lstrip()[:1] == b"{" and not file.endswith((".yaml", ".yml"))
    document = load_json(data) if looks_like_json or file.endswith(".json") else load_yaml(data)
    if document is None:
        raise InvalidInput(f"{'standard input' if file == '-' else file} holds no job: it is empty")
    return document


def _switch(job_id: str, verb: str, where: Where, *, as_json: bool) -> None:
    job = find_server(where).post(f"/jobs/{segment(job_id)}/{verb}")
    if as_json:
        write_json(job)
    else:
        sys.stdout.write(f"{job['job_id']} is {'enabled' if job['enabled'] else 'disabled'}\n")
