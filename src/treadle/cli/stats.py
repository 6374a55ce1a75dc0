"""`treadle stats`: how runs ended lately, how long they took, and how the live ones stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from math import ceil
from typing import Annotated, Any, Final

from cyclopts import Parameter

from treadle.cli.finding import find_server
from treadle.cli.history import Org, of_org
from treadle.cli.options import AsJson, Where
from treadle.cli.output import say, write_json, write_table
from treadle.cli.times import ago, length
from treadle.client.remote.paths import segment

LAST: Final = 200
"""Of how many runs an organisation's figures are, which are not kept."""

_ENDS: Final = ("completed", "failed", "cancelled", "skipped")


def stats(
    job: Annotated[str | None, Parameter(help="Of this job; of all by default.")] = None,
    /,
    *,
    queue: Annotated[str | None, Parameter(help="Only runs of this queue.")] = None,
    window: Annotated[str, Parameter(help="How far to look back: 1h, 24h, 7d or 30d.")] = "24h",
    org: Org = None,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Shows how runs ended lately, of a job, of a queue or of all; with --org of the last 200 that are its.

    Example: treadle stats nightly-report --window 7d
    """
    server = find_server(where)
    if job is not None:
        server.get(f"/jobs/{segment(job)}")
    if org is not None:
        figures = _of_last(server.get("/history", job=job, queue=queue, where=of_org(org), limit=LAST)["items"])
    else:
        figures = server.get("/stats/overview", job=job, queue=queue, window=window)
    if json:
        write_json(figures)
        return
    write_table(
        ["COMPLETED", "FAILED", "CANCELLED", "SKIPPED", "SUCCESS", "P50", "P95", "WAIT P95"],
        [
            [
                *(str(figures[end]) for end in _ENDS),
                _share(figures["success_rate"]),
                *(_length(figures["duration_sec"][quantile]) for quantile in ("p50", "p95")),
                _length(figures["wait_sec"]["p95"]),
            ]
        ],
    )
    if org is None:
        _say_live(figures)


def _say_live(figures: Mapping[str, Any]) -> None:
    """How the live runs of the domain stand, beside the table."""
    live = figures["live"]
    more = "+" if live["at_least"] else ""
    counts = ", ".join(f"{live[state]}{more} {state}" for state in ("running", "ready", "scheduled", "blocked"))
    oldest, coming = live["oldest_due_at"], figures["next_run_at"]
    waits = f"; the oldest ready was due {ago(oldest)}" if oldest else ""
    fires = f"; the next schedule fires {ago(coming)}" if coming else ""
    say(f"now {counts}{waits}{fires}")


def _of_last(runs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The same figures of given runs."""
    found = list(runs)
    counts = Counter(run["status"] for run in found)
    judged = counts["completed"] + counts["failed"]
    timed = [run for run in found if run["status"] in ("completed", "failed") and run["started_at"]]
    return {
        **{end: counts[end] for end in _ENDS},
        "success_rate": counts["completed"] / judged if judged else None,
        "duration_sec": _quantiles(_seconds(run["started_at"], run["finished_at"]) for run in timed),
        "wait_sec": _quantiles(_seconds(run["due_at"], run["started_at"]) for run in timed if run["attempt"] == 1),
    }


def _quantiles(lengths: Iterable[float]) -> dict[str, Any]:
    ordered = sorted(lengths)

    def told(share: float) -> float | None:
        return ordered[ceil(share * len(ordered)) - 1] if ordered else None

    return {"count": len(ordered), "p50": told(0.5), "p95": told(0.95), "p99": told(0.99)}


def _seconds(start: str, end: str) -> float:
    return max((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds(), 0.0)


def _share(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.1%}"


def _length(seconds: float | None) -> str:
    return "-" if seconds is None else length(seconds)
