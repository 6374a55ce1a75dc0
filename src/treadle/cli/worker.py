"""`treadle worker`: run one; who is there; drain, disable, enable."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Annotated, Any

from cyclopts import App, Parameter

from treadle.cli import services
from treadle.cli.exits import Exit
from treadle.cli.finding import find_server
from treadle.cli.options import AsJson, Where
from treadle.cli.output import write_json, write_record, write_table
from treadle.cli.times import ago
from treadle.client.remote.paths import segment
from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.workers import Role, WorkerState

app = App(
    name="worker",
    help="Run a worker alone; list, drain, disable and enable workers.\n\nExample: treadle worker --queues reports",
)
app.default(services.worker)

Roles = Annotated[list[Role] | None, Parameter(help="Only those of this role; may be given several times.")]
States = Annotated[list[WorkerState] | None, Parameter(help="Only those in this state; may be given several times.")]

IN_SERVICE = ("online", "draining", "disabled")


@app.command(name="list")
def list_workers(*, role: Roles = None, status: States = None, where: Where = None, json: AsJson = False) -> None:
    """Lists workers, and the schedulers and APIs beside them, also those lost or stopped within the last day.

    Example: treadle worker list --role worker --status online
    """
    workers = find_server(where).get("/workers", role=role, status=status)
    if json:
        write_json(workers)
    else:
        write_workers(workers["items"])


@app.command
def show(worker_id: str, /, *, where: Where = None, json: AsJson = False) -> None:
    """Shows all that is known of one.

    Example: treadle worker show wrk_0199f0a1b2c37d3e8f40516273849506
    """
    worker = find_server(where).get(f"/workers/{segment(worker_id)}")
    write_json(worker) if json else write_record(worker)


@app.command
def status(*, where: Where = None, json: AsJson = False) -> Exit:
    """Sums the workers up: how many there are in each state, and their slots. Exits 3 where none is online.

    Example: treadle worker status
    """
    found = find_server(where).get("/workers", role="worker")["items"]
    states = Counter(each["status"] for each in found)
    there = [each for each in found if each["status"] in IN_SERVICE]
    sums = {
        "slots": sum(each["slots"] for each in there if each["status"] == "online"),
        "running": sum(each["running"] for each in there),
    }
    if json:
        write_json({**dict.fromkeys(IN_SERVICE, 0), **states, **sums})
    else:
        told = ", ".join(f"{states[state]} {state}" for state in IN_SERVICE)
        sys.stdout.write(f"workers: {told}; {sums['running']} runs on {sums['slots']} slots\n")
    return Exit.OK if states["online"] else Exit.SERVER


@app.command
def drain(*worker_ids: str, where: Where = None, json: AsJson = False) -> None:
    """Lets workers take no more runs, and end once those that they have have ended.

    Example: treadle worker drain wrk_0199f0a1b2c37d3e8f40516273849506
    """
    _switch("drain", worker_ids, where, as_json=json)


@app.command
def disable(*worker_ids: str, where: Where = None, json: AsJson = False) -> None:
    """Lets workers take no more runs until they are enabled. What they run goes on.

    Example: treadle worker disable wrk_0199f0a1b2c37d3e8f40516273849506
    """
    _switch("disable", worker_ids, where, as_json=json)


@app.command
def enable(*worker_ids: str, where: Where = None, json: AsJson = False) -> None:
    """Lets disabled workers take runs again.

    Example: treadle worker enable wrk_0199f0a1b2c37d3e8f40516273849506
    """
    _switch("enable", worker_ids, where, as_json=json)


def write_workers(workers: list[dict[str, Any]]) -> None:
    """A table of processes, with their heartbeats."""
    write_table(
        ["ID", "ROLE", "STATUS", "HOST", "PID", "RUNNING", "SLOTS", "QUEUES", "DOMAINS", "TAGS", "VERSION", "SEEN"],
        (
            [
                each["worker_id"],
                each["role"],
                each["status"],
                each["host"],
                str(each["pid"]),
                *([str(each["running"]), str(each["slots"])] if each["role"] == "worker" else ["-", "-"]),
                ",".join(each["queues"]) or "all" if each["role"] == "worker" else "-",
                ",".join(each["domains"]),
                ",".join(each["tags"]) or "-",
                each["version"],
                ago(each["seen_at"]),
            ]
            for each in workers
        ),
    )


def _switch(how: str, worker_ids: tuple[str, ...], where: Where, *, as_json: bool) -> None:
    if not worker_ids:
        raise InvalidInput([Problem("/worker_ids", f"name the workers to {how}, as `treadle worker list` has them")])
    server = find_server(where)
    told = [server.post(f"/workers/{segment(worker_id)}/{how}") for worker_id in worker_ids]
    if as_json:
        write_json({"items": told})
        return
    for worker in told:
        rest = f"{worker['running']} of its runs go on" if worker["running"] else "it runs nothing"
        sys.stdout.write(f"{worker['worker_id']} is {worker['status']}; {rest}\n")
