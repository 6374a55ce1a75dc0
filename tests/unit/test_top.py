"""What `treadle top` shows and selects, without a terminal: everything has its place at every size."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from treadle.cli.top_screen import KEYS, screen
from treadle.cli.top_state import QUEUES, RUNS, Snapshot, View

AT = "2026-11-05T09:00:00Z"


def run(number: int, status: str = "running", job_id: str = "report") -> dict[str, Any]:
    return {
        "run_id": f"run_{number:032x}", "job_id": job_id, "status": status, "attempt": 1, "queue": "default",
        "created_at": AT, "started_at": AT, "finished_at": None, "error": None,
    }  # fmt: skip


def queue(name: str) -> dict[str, Any]:
    counts = dict.fromkeys(("ready", "scheduled", "blocked", "running"), 3)
    return {"name": name, "status": "open", "oldest_due_at": AT, **counts}


def worker(number: int) -> dict[str, Any]:
    return {
        "host": f"host-{number}", "role": "worker", "pid": number, "status": "online", "running": 1, "slots": 5,
        "seen_at": AT,
    }  # fmt: skip


def view(runs: int = 40, queues: int = 9, workers: int = 9) -> View:
    snapshot = Snapshot(
        [queue(f"queue-{n}") for n in range(queues)],
        [worker(n) for n in range(workers)],
        [run(n, job_id="a-job-of-a-very-long-name" * 4) for n in range(runs)],
    )
    return View().seeing(snapshot)


def drawn(view: View, width: int, height: int, stale: str = "") -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=width, height=height, force_terminal=False)
    console.print(screen(view, url="http://127.0.0.1:8000", stale=stale, width=width, height=height), end="")
    return file.getvalue().splitlines()


@pytest.mark.parametrize("runs", [0, 1, 7, 40])
@pytest.mark.parametrize("queues", [1, 9])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (80, 25), (120, 40), (200, 60)])
def test_it_fills_the_terminal_and_no_more(width: int, height: int, queues: int, runs: int) -> None:
    lines = drawn(view(runs=runs, queues=queues), width, height, stale="stale since 3 s: no answer")
    assert len(lines) == height
    assert max(map(len, lines)) <= width
    assert lines[-1].rstrip() == KEYS


def test_the_selected_run_is_shown_wherever_it_is_and_ids_are_whole() -> None:
    looked = view()
    for _ in range(35):
        looked = looked.moved(1)
    assert looked.run_id == run(35)["run_id"]
    assert any(line.startswith(looked.run_id) for line in drawn(looked, 80, 24))
    assert looked.moved(99).run_id == run(39)["run_id"]
    assert looked.moved(-99).run_id == run(0)["run_id"]


def test_what_is_selected_stays_so_while_other_runs_come_and_go() -> None:
    looked = view().moved(1)
    fewer = Snapshot(looked.snapshot.queues, (), [run(77), run(1)])
    assert looked.seeing(fewer).run_id == run(1)["run_id"]
    gone = looked.seeing(Snapshot((), (), [run(77)]))
    assert (gone.run_id, gone.queue) == (run(77)["run_id"], "")


def test_a_question_is_about_its_run_even_when_that_is_gone() -> None:
    asked = View(asks="cancel?", asked=run(1)["run_id"]).seeing(Snapshot((), (), [run(2)]))
    assert (asked.run_id, asked.asked) == (run(2)["run_id"], run(1)["run_id"])


def test_the_panes_have_selections_of_their_own() -> None:
    looked = view().other_pane().moved(2)
    assert (looked.pane, looked.queue, looked.run_id) == (QUEUES, "queue-2", run(0)["run_id"])
    assert looked.other_pane().pane == RUNS
