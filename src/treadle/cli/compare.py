"""`treadle run compare`: what was different, the time that it went wrong."""

from __future__ import annotations

import json as jsonlib
from typing import Annotated, Any, Final

from cyclopts import Parameter

from treadle.cli.completing import run_ids
from treadle.cli.finding import find_server
from treadle.cli.options import AsJson, Where
from treadle.cli.output import say, write_json, write_table
from treadle.client.remote.paths import segment

_NOTHING: Final = "-"


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
    told = find_server(where).get(f"/runs/{segment(run_id)}/compare", **({} if other is None else {"against": other}))
    runs, differences = [told["against"]["run_id"], told["run_id"]], told["differences"]
    if json:
        values = {each["field"]: [each["before"], each["after"]] for each in differences}
        write_json({"runs": runs, "differences": values})
    elif differences:
        rows = ([each["field"], _text(each["before"]), _text(each["after"])] for each in differences)
        write_table(["FIELD", *runs], rows)
    else:
        say("nothing differs")


def _text(value: Any) -> str:
    if value is None:
        return _NOTHING
    return value if isinstance(value, str) else jsonlib.dumps(value, ensure_ascii=False)
