"""A job's definition over time: its versions, back to one of them, and on to the next by an editor."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Parameter

from treadle.cli.completing import job_ids
from treadle.cli.finding import find_server
from treadle.cli.options import AsJson, Where
from treadle.cli.output import say, write_json, write_table
from treadle.cli.times import ago
from treadle.client.remote.paths import segment
from treadle.domain.documents import load_yaml
from treadle.domain.errors import InvalidInput, TreadleError

_EDITOR: Final = "vi"

JobId = Annotated[str, Parameter(completer=job_ids)]


def versions(job_id: JobId, /, *, where: Where = None, json: AsJson = False) -> None:
    """Lists the versions of a job, newest first.

    Example: treadle job versions report
    """
    found = list(find_server(where).pages(f"/jobs/{segment(job_id)}/versions", limit=200))
    if json:
        write_json({"items": found})
        return
    write_table(
        ["VERSION", "UPDATED", "SOURCE", "DESCRIPTION"],
        ([str(each["version"]), ago(each["updated_at"]), each["source"], each["description"]] for each in found),
    )


def rollback(
    job_id: JobId,
    version: Annotated[int, Parameter(help="Which version is to hold again.")],
    /,
    *,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Lets a job say again what it said at a version, as a new version.

    Example: treadle job rollback report 3
    """
    job = find_server(where).post(f"/jobs/{segment(job_id)}/rollback/{version}")
    _tell(job, as_json=json)


def edit(job_id: JobId, /, *, where: Where = None, json: AsJson = False) -> None:
    """Opens a job's definition in $VISUAL or $EDITOR, and gives the job what was saved there.

    Exits 5 where somebody else changed it meanwhile; what was written is kept where it cannot be used.

    Example: treadle job edit report
    """
    import tempfile

    import yaml

    server, path = find_server(where), f"/jobs/{segment(job_id)}"
    text = yaml.safe_dump(server.get(path), sort_keys=False, allow_unicode=True, width=120)
    descriptor, name = tempfile.mkstemp(prefix="treadle-", suffix=".yaml", text=True)
    file = Path(name)
    with os.fdopen(descriptor, "w", encoding="utf-8") as new:
        new.write(text)
    _open_editor(file)
    written = file.read_bytes()
    if written == text.encode():
        file.unlink()
        say("nothing was changed")
        return
    try:
        job = server.put(path, load_yaml(written))
    except TreadleError:
        say(f"what was written is kept in {file}: mend it there, then `treadle job replace {job_id} {file}`")
        raise
    file.unlink()
    _tell(job, as_json=json)


def _open_editor(file: Path) -> None:
    import subprocess

    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or _EDITOR
    try:
        done = subprocess.run([*shlex.split(editor), str(file)], check=False)
    except (OSError, ValueError) as error:
        raise InvalidInput(f"the editor {editor!r} cannot be started ({error}): set EDITOR") from error
    if done.returncode != 0:
        raise InvalidInput(f"the editor {editor!r} ended with exit code {done.returncode}: nothing was changed")


def _tell(job: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        write_json(job)
    else:
        sys.stdout.write(f"{job['job_id']} is at version {job['version']}\n")
