"""`treadle history`: runs that have ended."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from treadle.cli.finding import find_server
from treadle.cli.options import AsJson, Cursor, Limit, Where
from treadle.cli.output import say_more, write_json
from treadle.cli.run import LIMIT, write_runs

Org = Annotated[str | None, Parameter(help="Only those with this orgId, a searchable input.")]


def history(
    job: Annotated[str | None, Parameter(help="Of this job; of all by default.")] = None,
    /,
    *,
    status: Annotated[
        list[str] | None, Parameter(help="completed, failed, cancelled or skipped; may be repeated.")
    ] = None,
    queue: Annotated[list[str] | None, Parameter(help="Only those of this queue; may be repeated.")] = None,
    org: Org = None,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Lists runs that have ended, of a job or of all, newest first.

    Example: treadle history nightly-report --status failed --limit 5
    """
    page = find_server(where).get(
        "/history", job=job, status=status, queue=queue, where=of_org(org), limit=limit, cursor=cursor
    )
    if json:
        write_json(page)
        return
    write_runs(page["items"])
    say_more(page)


def of_org(org: str | None) -> str | None:
    """The filter of the API for the runs of an organisation."""
    return None if org is None else f"orgId={org}"
