"""Every figure that is told, with its labels: each label has few values, and none is an id."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

DOMAIN: Final = "domain"
"""The label of figures that belong to one domain."""

OTHER: Final = "other"
"""What the labels say of all that comes after a figure has its most series."""


class Kind(StrEnum):
    """How a figure behaves: it only grows, it goes up and down, or it counts by size."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(Struct, frozen=True, kw_only=True):
    """A figure. `bounds` are the upper ends of a histogram's buckets, in seconds; `most` is how many series it has."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    most: int = 200

    @property
    def cells(self) -> int:
        """How many numbers one series of it is: each bucket, one for what is beyond, and the sum; or the value."""
        return len(self.bounds) + 2 if self.kind is Kind.HISTOGRAM else 1

    @property
    def domain_at(self) -> int | None:
        """Which of its labels is the domain; None for figures of a whole installation or process."""
        return self.labels.index(DOMAIN) if DOMAIN in self.labels else None


_LONG: Final = (0.005, 0.02, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0)
_CALL: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_REQUEST: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


def _counter(name: str, help_: str, *labels: str) -> Metric:
    return Metric(name=name, kind=Kind.COUNTER, help=help_, labels=labels)


def _gauge(name: str, help_: str, *labels: str) -> Metric:
    return Metric(name=name, kind=Kind.GAUGE, help=help_, labels=labels, most=1_000)


def _histogram(name: str, help_: str, bounds: tuple[float, ...], *labels: str) -> Metric:
    return Metric(name=name, kind=Kind.HISTOGRAM, help=help_, labels=labels, bounds=bounds)


# What processes count as it happens.
ATTEMPTS: Final = _counter(
    "treadle_run_attempts_total",
    "Attempts that were settled, by what they came to.",
    DOMAIN,
    "queue",
    "outcome",
)
DURATION: Final = _histogram(
    "treadle_run_duration_seconds", "How long attempts took that began.", _LONG, DOMAIN, "queue", "outcome"
)
WAIT: Final = _histogram(
    "treadle_run_wait_seconds", "How long attempts waited, from being due to their beginning.", _LONG, DOMAIN, "queue"
)
FIRE_LAG: Final = _histogram(
    "treadle_schedule_fire_lag_seconds", "How late slots of schedules fired that were not missed.", _LONG, DOMAIN
)
CALLS: Final = _histogram(
    "treadle_engine_call_seconds", "How long calls of the engine took.", _CALL, "role", "store", "verb"
)
CALL_ERRORS: Final = _counter(
    "treadle_engine_errors_total", "Calls of the engine that were refused or failed.", "role", "store", "verb", "error"
)
REQUESTS: Final = _histogram(
    "treadle_http_request_seconds",
    "How long HTTP requests took; streams, which last, are not among them.",
    _REQUEST,
    "operation",
    "status",
)
STREAMS: Final = _gauge("treadle_sse_streams", "Streams of server-sent events that are open.")

# What is read in the engine when it is asked for.
ENGINE_UP: Final = _gauge("treadle_engine_up", "Whether the engine answered when it was last asked: 1 or 0.")
RUNS: Final = _gauge(
    "treadle_runs", "Runs that have not ended, by state; counting stops at 10,000.", DOMAIN, "queue", "state"
)
OLDEST_READY: Final = _gauge(
    "treadle_oldest_ready_seconds", "For how long the longest waiting ready run has been due.", DOMAIN, "queue"
)
PAUSED: Final = _gauge("treadle_queue_paused", "Whether a queue gives out no runs: 1 or 0.", DOMAIN, "queue")
LANE_USE: Final = _gauge("treadle_lane_slots_in_use", "Slots of lanes that runs hold, by kind of lane.", DOMAIN, "kind")
LANE_LIMIT: Final = _gauge("treadle_lane_slots_limit", "Slots that lanes have, by kind of lane.", DOMAIN, "kind")
LANE_FULL: Final = _gauge("treadle_lanes_full", "Lanes without a free slot, by kind of lane.", DOMAIN, "kind")
LANE_WAITING: Final = _gauge("treadle_lane_waiting", "Runs that wait for lanes, by kind of lane.", DOMAIN, "kind")
PROCESSES: Final = _gauge(
    "treadle_processes",
    "Processes by role and state: in service those whose lease goes on, else seen within a day.",
    DOMAIN,
    "role",
    "state",
)
SLOTS: Final = _gauge("treadle_worker_slots", "Slots of the workers that are online.", DOMAIN)
SLOTS_BUSY: Final = _gauge("treadle_worker_slots_in_use", "Slots of those workers in which runs are.", DOMAIN)
SCHEDULER_LAG: Final = _gauge(
    "treadle_scheduler_lag_seconds", "For how long a schedule has been due that was not fired yet; 0 where none is."
)

CATALOG: Final = {each.name: each for each in globals().values() if isinstance(each, Metric)}
"""All of them, by name."""
