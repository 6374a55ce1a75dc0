"""`treadle group`: runs that one run joins, which stands for the group."""

from __future__ import annotations

import sys
from typing import Annotated, Any

from cyclopts import App, Parameter

from treadle.cli.exits import Exit
from treadle.cli.finding import find_server
from treadle.cli.inputs import Set, read_file, read_inputs
from treadle.cli.options import AsJson, Timeout, Wait, Where, patience
from treadle.cli.output import say, write_json, write_table
from treadle.cli.run import finish
from treadle.client.remote.paths import segment
from treadle.domain.documents import load_json
from treadle.domain.errors import InvalidInput, Problem

app = App(name="group", help="Groups: a run for each of many inputs, and one that joins them.")


@app.command(name="run")
def run_group(
    job_id: str,
    inputs: Annotated[str, Parameter(allow_leading_hyphen=True, help="A JSON list of inputs; - is standard input.")],
    /,
    *,
    then: Annotated[str, Parameter(help="The job of the run that joins them.")],
    set_: Set = None,
    join: Annotated[str | None, Parameter(help="How the members must end: all, any or always.")] = None,
    on_parent_failure: Annotated[
        str | None, Parameter(help="What becomes of the joining run where they do not: cancel, run or wait.")
    ] = None,
    wait: Wait = False,
    timeout: Timeout = None,
    where: Where = None,
    json: AsJson = False,
) -> Exit:
    """Runs a job once for each of the inputs in a file, then another: its inputs are given by --set. Prints the id of
    the run that joins them; with --wait that run as it ended.

    Example: treadle group run resize pictures.json --then publish --wait
    """
    members = load_json(read_file(inputs))
    if not isinstance(members, list):
        raise InvalidInput([Problem("/inputs", "is no JSON list of objects, one for each member")])
    said = {
        "job_id": job_id,
        "inputs": members,
        "then": then,
        "then_inputs": read_inputs(None, set_ or []) or None,
        "join": join,
        "on_parent_failure": on_parent_failure,
    }
    limit, server = patience(timeout, waits=wait), find_server(where)
    group = server.post("/runs/groups", {key: value for key, value in said.items() if value is not None})
    joined = group["join"]
    if wait:
        return finish(server, joined, limit, as_json=json)
    if json:
        write_json(group)
    else:
        sys.stdout.write(f"{joined['run_id']}\n")
        say(f"{len(group['members'])} runs; follow them by: treadle group show {joined['run_id']}")
    return Exit.OK


@app.command
def show(run_id: str, /, *, where: Where = None, json: AsJson = False) -> None:
    """Shows how far a group is, by the id of the run that joins it: its members, of which 100 are listed.

    Example: treadle group show run_019d2f6c1e5b7c3a9f40b1d2c3e4f506
    """
    run = find_server(where).get(f"/runs/{segment(run_id)}")
    members: dict[str, Any] | None = run["depends_on"]
    if members is None:
        raise InvalidInput([Problem("/run_id", f"{run_id} joins no others: it waits for no run")])
    if json:
        write_json({"run_id": run["run_id"], "status": run["status"], **members})
        return
    counts = ", ".join(f"{count} {status}" for status, count in members["counts"].items())
    say(f"{run['run_id']} is {run['status']}; its members: {counts}")
    write_table(["RUN", "STATUS"], ([each["run_id"], each["status"] or "pruned"] for each in members["parents"]))
