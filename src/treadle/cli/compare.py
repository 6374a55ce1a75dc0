"""`treadle run compare`: what was different, the time that it went wrong."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from cyclopts import Parameter

from treadle.cli.completing import run_ids
from treadle.cli.finding import find_server
from treadle.cli.options import AsJson, Where
from treadle.cli.output import say, write_json, write_table
from treadle.cli.server import Server
from treadle.client.remote.paths import segment
from treadle.domain.errors import NotFound

_OWN: Final = frozenset(
    {"run_id", "created_at", "due_at", "started_at", "finished_at", "cancel_requested_at", "slot", "attempts"}
)
"""What differs from run to run by nature; `waited_sec` and `took_sec` say what of it counts."""

_NOTHING: Final = "-"

Run = dict[str, Any]


def compare(
    run_id: Annotated[str, Parameter(completer=run_ids)],
    other: Annotated[
        str | None, Parameter(completer=run_ids, help="By default the last run of its job before it that completed.")
    ] = None,
    /,
    *,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Compares a run with another: job version, inputs, result, error, worker, times. Prints what differs.

    Example: treadle run compare run_019d2f6c1e5b7c3a9f40b1d2c3e4f506
    """
    server = find_server(where)
    run = server.get(f"/runs/{segment(run_id)}")
    against = _last_completed(server, run) if other is None else server.get(f"/runs/{segment(other)}")
    left, right = dict(_values(against)), dict(_values(run))
    differing = [field for field in {**left, **right} if left.get(field) != right.get(field)]
    if json:
        values = {field: [left.get(field), right.get(field)] for field in differing}
        write_json({"runs": [against["run_id"], run["run_id"]], "differences": values})
        return
    if not differing:
        say("nothing differs")
        return
    write_table(
        ["FIELD", against["run_id"], run["run_id"]],
        ([field, _text(left, field), _text(right, field)] for field in differing),
    )


def _last_completed(server: Server, run: Run) -> Run:
    found = server.get("/runs", job=run["job_id"], status="completed", created_before=run["created_at"], limit=1)
    if not found["items"]:
        raise NotFound(f"no run of {run['job_id']} completed before it: name a run to compare it with")
    return dict(server.get(f"/runs/{segment(found['items'][0]['run_id'])}"))


def _values(run: Run) -> Iterator[tuple[str, Any]]:
    """What can be compared, by dotted names."""
    told = {key: value for key, value in run.items() if key not in _OWN}
    told["waited_sec"] = _between(run["due_at"], run["started_at"])
    told["took_sec"] = _between(run["started_at"], run["finished_at"])
    return _flat(told, "")


def _flat(values: Mapping[str, Any], within: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{within}{key}.")
        else:
            yield f"{within}{key}", value


def _between(start: str | None, end: str | None) -> float | None:
    if start is None or end is None:
        return None
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds(), 3)


def _text(values: Mapping[str, Any], field: str) -> str:
    if field not in values:
        return _NOTHING
    value = values[field]
    return value if isinstance(value, str) else jsonlib.dumps(value, ensure_ascii=False)
