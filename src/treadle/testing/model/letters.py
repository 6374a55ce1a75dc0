"""The model's dead letters."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.json import encode
from treadle.domain.letters import LETTER_DISCARDED_EVENT, LETTER_RETRIED_EVENT, Resolution, discarded, retried
from treadle.domain.runs import NewRun, Run
from treadle.engines.contract import RunQuery, Topic
from treadle.system import Clock
from treadle.testing.model.queries import is_dead, matches
from treadle.testing.model.state import Data


class ModelDeadLetters:
    """See `contract.DeadLetterStore`."""

    def __init__(self, data: Data, clock: Clock) -> None:
        self._data = data
        self._clock = clock

    async def find(self, query: RunQuery) -> list[Run]:
        asked = replace(query, states=(), dead=True)
        dead = [entry.run for entry in self._data.history.values() if matches(entry.run, asked, entry.filed_under)]
        return sorted(dead, key=lambda run: run.id, reverse=True)[: query.limit]

    async def discard(
        self, domain: str, run_ids: Sequence[str], *, by: str, why: str = "", now: Instant | None = None
    ) -> list[str]:
        self._data.wake([Topic.EVENTS])
        wall = self._clock.wall() if now is None else now
        return discard(self._data, domain, run_ids, by=by, why=why, now=wall)


def discard(data: Data, domain: str, run_ids: Sequence[str], *, by: str, why: str, now: Instant) -> list[str]:
    """Resolve dead letters without another try; answers those that were."""
    resolution = discarded(by, why, now)
    return [run_id for run_id in run_ids if _resolve(data, domain, run_id, resolution, LETTER_DISCARDED_EVENT)]


def resolve_by(data: Data, retry: NewRun) -> bool:
    """Resolve the dead letter that a new run does again, if there is one."""
    assert retry.retry_of is not None
    return _resolve(data, retry.domain, retry.retry_of, retried(retry.id, retry.created_at), LETTER_RETRIED_EVENT)


def _resolve(data: Data, domain: str, run_id: str, resolution: Resolution, event: str) -> bool:
    entry = data.history.get(run_id)
    if entry is None or entry.run.domain != domain or not is_dead(entry.run):
        return False
    entry.run = replace(entry.run, resolution=resolution)
    told = encode({"run_id": resolution.run_id, "by": resolution.by, "why": resolution.why})
    data.write(
        NewEvent(domain=domain, type=event, subject=run_id, job_id=entry.run.job_id, at=resolution.at, data=told)
    )
    return True
