"""Batches: runs of any jobs that are submitted together, all or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct, structs, to_builtins

from treadle.domain.errors import InvalidInput, Problem, placed
from treadle.domain.instants import Instant
from treadle.domain.jobs import Job
from treadle.domain.runs import Cause, NewRun
from treadle.domain.shapes import MOST_FAULTS, read
from treadle.domain.submitting import RunRequest, request_run, run_key

MOST_RUNS: Final = 1_000
"""Runs of one batch."""


class RunOrder(RunRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run as somebody wants it: of which job, and what may be said about it."""

    job_id: Annotated[str, Meta(min_length=1)]


class RunBatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Runs that are accepted or refused together. One order by itself is a batch of one."""

    runs: Annotated[tuple[RunOrder, ...], Meta(min_length=1, max_length=MOST_RUNS)]


class Orders(Struct, frozen=True):
    """The runs that a call asks for. `several` says that they stood in a list: its faults are told by their places."""

    runs: tuple[RunOrder, ...]
    several: bool

    @property
    def job_ids(self) -> list[str]:
        """Their jobs, each once."""
        return list(dict.fromkeys(order.job_id for order in self.runs))

    def pointer(self, place: int) -> str:
        """Where the run at a place stands in the call."""
        return f"/runs/{place}" if self.several else ""


def read_orders(value: object) -> Orders:
    """One order, or a batch of them. Raises InvalidInput naming every fault."""
    if isinstance(value, dict) and "runs" in value:
        return Orders(read(value, RunBatch).runs, several=True)
    return Orders((read(value, RunOrder),), several=False)


def build_batch(
    orders: Orders,
    jobs: Mapping[str, Job],
    *,
    new_id: Callable[[str], str],
    now: Instant,
    cause: Cause,
    key: str | None,
    max_inputs: int,
) -> list[NewRun]:
    """The runs of a batch, in its order. Raises as `request_run` does, with the faults of all runs at their places.

    A `key` gives each of them its own, so that the same call again finds every one of them.
    """
    shared = None if key is None else run_key(key, now, "batch", to_builtins(orders.runs))
    runs: list[NewRun] = []
    problems: list[Problem] = []
    for place, order in enumerate(orders.runs):
        own = shared and structs.replace(shared, scope=f"batch/{place}")
        try:
            with placed(orders.pointer(place)):
                job = _job(order, jobs)
                run_id = new_id("run")
                runs.append(
                    request_run(job, order, run_id=run_id, now=now, cause=cause, key=own, max_inputs=max_inputs)
                )
        except InvalidInput as error:
            problems += error.problems
            if len(problems) >= MOST_FAULTS:
                break
    if problems:
        raise InvalidInput(problems)
    return runs


def _job(order: RunOrder, jobs: Mapping[str, Job]) -> Job:
    if (job := jobs.get(order.job_id)) is None:
        raise InvalidInput([Problem("/job_id", f"there is no job {order.job_id}", "job_missing")])
    return job
