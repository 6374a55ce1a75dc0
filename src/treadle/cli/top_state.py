"""What `treadle top` shows, and what its keys do: no terminal here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct, structs

from treadle.cli.server import Server
from treadle.cli.waiting import TERMINAL
from treadle.cli.worker import IN_SERVICE
from treadle.client.remote.paths import segment
from treadle.domain.errors import TreadleError

RUNS, QUEUES = "runs", "queues"

_MOST: Final = 100

Item = dict[str, Any]


class Snapshot(Struct, frozen=True):
    """How everything stands: queues by name, workers before the other services, runs that run before newer ones."""

    queues: Sequence[Item]
    workers: Sequence[Item]
    runs: Sequence[Item]


class View(Struct, frozen=True):
    """What is looked at. `run_id` and `queue` are selected, `pane` has the keys.

    `asks` waits for a yes, to cancel the run `asked`: what is selected may be another by then.
    """

    snapshot: Snapshot = Snapshot((), (), ())
    pane: str = RUNS
    run_id: str = ""
    queue: str = ""
    said: str = ""
    asks: str = ""
    asked: str = ""

    @property
    def run(self) -> Item | None:
        """The selected run."""
        return next((each for each in self.snapshot.runs if each["run_id"] == self.run_id), None)

    def seeing(self, snapshot: Snapshot) -> View:
        """The same with what is there now; what was selected stays so while it is there."""
        return structs.replace(
            self,
            snapshot=snapshot,
            run_id=_kept([run["run_id"] for run in snapshot.runs], self.run_id),
            queue=_kept([queue["name"] for queue in snapshot.queues], self.queue),
        )

    def moved(self, by: int) -> View:
        """The same with the selection further down, or up."""
        if self.pane == QUEUES:
            return structs.replace(self, queue=_moved([each["name"] for each in self.snapshot.queues], self.queue, by))
        return structs.replace(self, run_id=_moved([each["run_id"] for each in self.snapshot.runs], self.run_id, by))

    def other_pane(self) -> View:
        """The same with the keys in the other pane."""
        return structs.replace(self, pane=QUEUES if self.pane == RUNS else RUNS)

    def saying(self, text: str) -> View:
        """The same with a line for whoever looks on."""
        return structs.replace(self, said=text, asks="", asked="")


def look(server: Server) -> Snapshot:
    """Ask the server how everything stands."""
    running = server.get("/runs", status="running", limit=_MOST)["items"]
    seen = {run["run_id"] for run in running}
    newest = [run for run in server.get("/runs", limit=_MOST)["items"] if run["run_id"] not in seen]
    workers = [each for each in server.get("/workers")["items"] if each["status"] in IN_SERVICE]
    workers.sort(key=lambda each: (each["role"] != "worker", each["host"], each["worker_id"]))
    return Snapshot(server.get("/queues", limit=_MOST)["items"], workers, [*running, *newest])


def press(view: View, key: str, server: Server) -> View:
    """What a key that does something to the server comes to, with a word on it. A refusal is told, not raised."""
    try:
        if view.asks:
            return view.saying(_cancel(view.asked, server) if key == "y" else "nothing was cancelled")
        if key == "p":
            return view.saying(_pause_or_resume(view, server))
        if view.run is None:
            return view.saying("there is no run to do that to")
        if key == "c":
            return _ask_to_cancel(view, view.run)
        return view.saying(_RUN_KEYS[key](view.run, server))
    except TreadleError as error:
        return view.saying(f"not done: {error.message}")


def _ask_to_cancel(view: View, run: Item) -> View:
    if run["status"] in TERMINAL:
        return view.saying(f"{run['run_id']} is {run['status']}: there is nothing to cancel")
    return structs.replace(view, asks=f"cancel {run['run_id']} ({run['job_id']})? y/n", asked=run["run_id"], said="")


def _cancel(run_id: str, server: Server) -> str:
    run = server.post(f"/runs/{segment(run_id)}/cancel")
    return f"{run['run_id']} {'is cancelled' if run['status'] == 'cancelled' else 'was told to end'}"


def _retry(run: Item, server: Server) -> str:
    again = server.post(f"/runs/{segment(run['run_id'])}/retry")
    return f"{run['run_id']} is retried as {again['run_id']}"


def _explain(run: Item, server: Server) -> str:
    answer = server.get(f"/runs/{segment(run['run_id'])}/explain")
    return f"{answer['status']}: {answer['message']}"


_RUN_KEYS: Final = {"r": _retry, "e": _explain}


def _pause_or_resume(view: View, server: Server) -> str:
    """The queue that is selected, or that of the selected run."""
    name = view.queue if view.pane == QUEUES else str((view.run or {"queue": view.queue})["queue"])
    if not name:
        return "there is no queue to pause"
    path = f"/queues/{segment(name)}"
    verb = "pause" if server.get(path)["status"] == "open" else "resume"
    queue = server.post(f"{path}/{verb}")
    return f"queue {name} is {queue['status']}"


def _place(ids: Sequence[str], selected: str) -> int:
    return ids.index(selected) if selected in ids else 0


def _kept(ids: Sequence[str], selected: str) -> str:
    return selected if selected in ids else next(iter(ids), "")


def _moved(ids: Sequence[str], selected: str, by: int) -> str:
    return ids[max(0, min(_place(ids, selected) + by, len(ids) - 1))] if ids else ""
