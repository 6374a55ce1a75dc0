"""`treadle audit`: who changed what."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from treadle.cli.finding import find_server
from treadle.cli.options import AsJson, Cursor, Limit, Where
from treadle.cli.output import say_more, write_json, write_table

app = App(name="audit", help="The audit log: who changed what through the API, and when.")


@app.command(name="list")
def list_changes(
    *,
    who: Annotated[str | None, Parameter(help="Only what this caller changed, such as token:ci.")] = None,
    action: Annotated[
        str | None, Parameter(help="Only this operation, such as replace_job; --json tells them.")
    ] = None,
    target: Annotated[str | None, Parameter(help="Only what was changed at this path, such as /jobs/report.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Lists changes, newest first; with --json also how things stood before and after.

    Example: treadle audit list --who user:ana --json
    """
    server = find_server(where)
    page = server.get("/audit-events", who=who, action=action, target=target, limit=limit, cursor=cursor)
    if json:
        write_json(page)
        return
    write_table(
        ["AT", "WHO", "WHAT", "TARGET", "DOMAIN", "TRACE"],
        (
            [each["at"], each["who"], each["what"]["en"], each["target"], each["domain"] or "-", each["trace_id"]]
            for each in page["items"]
        ),
    )
    say_more(page)
