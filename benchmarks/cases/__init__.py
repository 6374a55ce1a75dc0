"""The cases by name, in the order in which `all` runs them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Final

from msgspec import Struct

from benchmarks.cases import (
    backlog,
    batches,
    blocked,
    budget,
    console,
    drain,
    enqueue,
    history,
    http,
    idle,
    lanes,
    latency,
    streams,
    workers,
    xmin,
)
from benchmarks.engines import ENGINES
from benchmarks.measure import Options, Report


class Case(Struct, frozen=True):
    """A benchmark: what it shows, what can be chosen by number and its default, and how it is run."""

    shows: str
    numbers: Mapping[str, int]
    run: Callable[[Options], Coroutine[None, None, Report]]
    engines: Sequence[str] = ENGINES


CASES: Final[Mapping[str, Case]] = {
    "drain": Case("no-op runs per second of one worker process", drain.NUMBERS, drain.run),
    "enqueue": Case("runs accepted per second, each on disk", enqueue.NUMBERS, enqueue.run),
    "batches": Case("runs accepted per second by `POST /runs` in batches", batches.NUMBERS, batches.run),
    "latency": Case("milliseconds from a submission to the start of its handler", latency.NUMBERS, latency.run),
    "streams": Case("milliseconds of calls beside 500 readers that stall", streams.NUMBERS, streams.run),
    "budget": Case("microseconds of the runner and of the engine for one run", budget.NUMBERS, budget.run),
    "idle": Case("processor time and memory of `treadle up` at rest", idle.NUMBERS, idle.run, ("sqlite",)),
    "history": Case("what a long history costs claims, submissions and listings", history.NUMBERS, history.run),
    "http": Case("milliseconds of reads and submits over HTTP at a steady pace", http.NUMBERS, http.run),
    "console": Case("what a browser has of the console", console.NUMBERS, console.run),
    "lanes": Case("what a thousand lanes cost a drain", lanes.NUMBERS, lanes.run),
    "blocked": Case("what a million runs that cannot go cost a drain", blocked.NUMBERS, blocked.run),
    "workers": Case("what a second worker brings", workers.NUMBERS, workers.run),
    "xmin": Case("what a transaction held open costs claims", xmin.NUMBERS, xmin.run, ("postgres",)),
    "backlog": Case("what a million waiting runs cost a drain", backlog.NUMBERS, backlog.run),
}
