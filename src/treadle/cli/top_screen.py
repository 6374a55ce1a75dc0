"""`treadle top` drawn: a view, and the size of the terminal, to what is on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from treadle.cli.times import ago, took
from treadle.cli.top_state import QUEUES, RUNS, Item, View
from treadle.domain.logs import clean

KEYS: Final = "↑↓ select  tab queues/runs  r retry  c cancel  p pause/resume  e explain  q quit"

_LOOKS: Final = {
    "running": ("▶", "blue"),
    "completed": ("✓", "green"),
    "failed": ("✕", "red"),
    "cancelled": ("■", "dim"),
    "skipped": ("»", "dim"),
}
_WAITING: Final = ("○", "")
_AGAIN: Final = ("↻", "yellow")
_FIXED_LINES: Final = 7
"""The title, the heads of three tables, what was said, the selected run, and the keys."""


def screen(view: View, *, url: str, stale: str, width: int, height: int) -> RenderableType:
    """All of it, in `height` lines; `stale` says since when nothing new is known."""
    room = max(height - _FIXED_LINES, 3)
    queues = min(len(view.snapshot.queues), max(room // 4, 1))
    workers = min(len(view.snapshot.workers), max(room // 5, 1))
    runs = max(room - queues - workers, 1)
    parts: list[RenderableType] = [
        _title(view, url, stale),
        _queues(view, queues),
        _workers(view, workers),
        _runs(view, runs),
    ]
    blank = [Text()] * max(room - queues - workers - min(runs, len(view.snapshot.runs)), 0)
    return Group(*parts, *blank, _about(view), _last(view), Text(KEYS, style="dim", no_wrap=True, overflow="ellipsis"))


def _title(view: View, url: str, stale: str) -> Text:
    states = Counter(run["status"] for run in view.snapshot.runs)
    told = f"treadle top · {url} · {states['running']} running"
    if stale:
        return _line(f"{told} · {stale}", "yellow")
    return _line(told, "bold")


def _queues(view: View, most: int) -> Table:
    queues = view.snapshot.queues
    table = _table(("QUEUE", "STATUS", "READY", "SCHEDULED", "BLOCKED", "RUNNING", "OLDEST"), first=view.pane == QUEUES)
    for queue in _around(queues, [queue["name"] for queue in queues], view.queue, most):
        counts = [str(queue[state]) for state in ("ready", "scheduled", "blocked", "running")]
        cells = [queue["name"], queue["status"], *counts, ago(queue["oldest_due_at"])]
        style = "" if queue["status"] == "open" else "yellow"
        _add(table, cells, selected=view.pane == QUEUES and queue["name"] == view.queue, style=style)
    return table


def _workers(view: View, most: int) -> Table:
    table = _table(("HOST", "ROLE", "PID", "STATUS", "RUNNING", "SEEN"))
    for each in view.snapshot.workers[:most]:
        used = f"{each['running']}/{each['slots']}" if each["role"] == "worker" else "-"
        style = "" if each["status"] == "online" else "yellow"
        cells = [each["host"], each["role"], str(each["pid"]), each["status"], used, ago(each["seen_at"])]
        _add(table, cells, selected=False, style=style)
    return table


def _runs(view: View, most: int) -> Table:
    runs = view.snapshot.runs
    table = _table(("RUN", "JOB", "STATUS", "TRY", "AGE", "TOOK"), first=view.pane == RUNS)
    for run in _around(runs, [run["run_id"] for run in runs], view.run_id, most):
        icon, style = _look(run)
        cells = [
            run["run_id"],
            run["job_id"],
            f"{icon} {run['status']}",
            str(run["attempt"]),
            ago(run["created_at"]).removesuffix(" ago"),
            took(run["started_at"], run["finished_at"]),
        ]
        _add(table, cells, selected=view.pane == RUNS and run["run_id"] == view.run_id, style=style)
    return table


def _about(view: View) -> Text:
    """More of the selected run: what its line has no room for."""
    run = view.run
    if run is None:
        return _line("no runs yet", "dim")
    error = f": {run['error']['message'].partition(chr(10))[0]}" if run["error"] else ""
    return _line(f"{run['job_id']} on queue {run['queue']}, {run['status']}{error}", "dim")


def _last(view: View) -> Text:
    return _line(view.asks or view.said, "bold reverse" if view.asks else "cyan")


def _look(run: Item) -> tuple[str, str]:
    if run["status"] in _LOOKS:
        return _LOOKS[run["status"]]
    return _AGAIN if run["attempt"] else _WAITING


def _table(heads: Iterable[str], *, first: bool = False) -> Table:
    """A table with one line for each row; the one that has the keys has a brighter head."""
    table = Table(box=None, pad_edge=False, expand=True, header_style="bold cyan" if first else "cyan")
    for place, head in enumerate(heads):
        wide = place == 0 and head == "RUN"
        table.add_column(head, no_wrap=True, overflow="ellipsis", min_width=36 if wide else None)
    return table


def _add(table: Table, cells: Sequence[str], *, selected: bool, style: str) -> None:
    table.add_row(*(Text(clean(cell)) for cell in cells), style=f"{style} reverse".strip() if selected else style)


def _line(text: str, style: str) -> Text:
    return Text(clean(text), style=style, no_wrap=True, overflow="ellipsis")


def _around(items: Sequence[Item], ids: Sequence[str], selected: str, most: int) -> Sequence[Item]:
    """So many of the items, with the selected one among them."""
    place = ids.index(selected) if selected in ids else 0
    start = max(0, min(place - most // 2, len(items) - most))
    return items[start : start + most]
