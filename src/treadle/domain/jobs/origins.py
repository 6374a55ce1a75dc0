"""Where each value of a job came from: its definition, what went over that, or nobody, since it is the default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from treadle.domain.jobs.parsing import dump_job, parse_job
from treadle.domain.jobs.records import Job
from treadle.domain.messages import DEFAULT_BATCH
from treadle.domain.schedules import DEFAULT_TIMEZONE

DEFAULT: Final = "default"
_OPEN: Final = frozenset({"inputs", "inputs_schema", "searchable", "tags"})
"""What is one value, however many parts it has."""
_OVERRIDES: Final = {"enabled": "enabled", "interval_seconds": "schedule.interval_sec"}
_SECTIONS: Final[dict[str, Any]] = {
    "schedule.timezone": DEFAULT_TIMEZONE,
    "schedule.enabled": True,
    "messages.batch_size": DEFAULT_BATCH,
    "messages.max_attempts": 3,
    "messages.preserve_order": False,
    "messages.trigger": False,
    "flow_max_active_runs": 1,
    "concurrency_limit": 1,
}
"""The defaults of what is there only beside something else."""
_PLACE: Final = "; "
_BY: Final = " by "


def told_source(place: str, overrides: Mapping[str, str]) -> str:
    """The source of a job that is declared at a place, with what went over it: `enabled` from `REPORT_ENABLED`."""
    return _PLACE.join([place, *(f"{what}{_BY}{origin}" for what, origin in overrides.items())])


def switched_source(source: str, origin: str) -> str:
    """The source of a job that was switched on or off since it was defined."""
    place, overrides = _read(source)
    return told_source(place, {**overrides, "enabled": origin})


def value_origins(job: Job) -> dict[str, str]:
    """The origin of each value of a job's document, by its key: `retry_policy.max_retry` from `tasks/report.py:12`.

    A value that a definition says though it is the default cannot be told from one that it leaves out.
    """
    place, overrides = _read(job.source)
    over = {_OVERRIDES[what]: origin for what, origin in overrides.items()}
    given = dump_job(job.spec)
    bare = {key: given[key] for key in ("job_id", "type", "executor") if key in given}
    by_default = {**_SECTIONS, **dict(_flat(dump_job(parse_job(bare))))}
    return {
        key: over.get(key) or (DEFAULT if key in by_default and by_default[key] == value else place)
        for key, value in _flat(given)
    }


def _read(source: str) -> tuple[str, dict[str, str]]:
    place, *overrides = source.split(_PLACE)
    return place, {what: origin for what, _, origin in (each.partition(_BY) for each in overrides)}


def _flat(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if isinstance(value, Mapping) and key not in _OPEN:
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
