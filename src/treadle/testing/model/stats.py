"""What runs of the model add up to, and the groups of their failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from treadle.domain.events import NewEvent
from treadle.domain.failures import (
    GROUP_EVENTS,
    GROUP_PATH,
    FailureGroup,
    Fresh,
    JobCount,
    Verdict,
    add,
    group,
    opening,
    verdict_data,
)
from treadle.domain.instants import Instant, Micros
from treadle.domain.queues import MOST_COUNTED
from treadle.domain.runs import Run, State
from treadle.domain.stats import ENDS, Ended, Key, Outcome, Standing, Tally, count, depths
from treadle.engines.contract import GroupQuery
from treadle.system import Clock
from treadle.testing.model.state import Data


class ModelStats:
    """See `contract.StatStore`."""

    def __init__(self, data: Data, clock: Clock) -> None:
        self._data = data
        self._clock = clock

    async def roll_up(self, limit: int) -> int:
        data = self._data
        events = [event for event in data.events if event.seq > data.rolled_up][:limit]
        if not events:
            return 0
        data.rolled_up = events[-1].seq
        ids = [event.subject for event in events if event.n and event.type in ENDS]
        ended = [to_ended(data.history[run_id].run) for run_id in ids if run_id in data.history]
        self._add(count(ended))
        for fresh in group(ended):
            _add(data, fresh)
        return len(events)

    async def note_depths(self, domain: str, ready: Mapping[str, int], *, now: Instant | None = None) -> None:
        self._add(depths(domain, ready, self._clock.wall() if now is None else now))

    def _add(self, added: Mapping[Key, Tally]) -> None:
        for key, tally in added.items():
            self._data.tallies[key] = self._data.tallies.get(key, Tally()) + tally

    async def tallies(
        self, domain: str, series: str, step: Micros, since: Instant, until: Instant
    ) -> list[tuple[Instant, Tally]]:
        found = [(key.at, tally) for key, tally in self._data.tallies.items() if key[:3] == (domain, series, step)]
        return sorted(((at, tally) for at, tally in found if since <= at < until), key=lambda one: one[0])

    async def standing(self, domain: str) -> Standing:
        live = [entry.run for entry in self._data.live.values() if entry.run.domain == domain]
        counts = {state: sum(run.state is state for run in live) for state in State}
        return Standing(
            ready=min(counts[State.READY], MOST_COUNTED),
            scheduled=min(counts[State.SCHEDULED], MOST_COUNTED),
            blocked=min(counts[State.BLOCKED], MOST_COUNTED),
            running=min(counts[State.RUNNING], MOST_COUNTED),
            oldest_due_at=min((run.due_at for run in live if run.state is State.READY), default=None),
        )

    async def recent(self, domain: str, job_ids: Sequence[str], limit: int) -> dict[str, list[Outcome]]:
        found: dict[str, list[Outcome]] = {}
        for run in sorted((entry.run for entry in self._data.history.values()), key=lambda run: run.id, reverse=True):
            outcomes = found.setdefault(run.job_id, []) if (run.domain, run.job_id in job_ids) == (domain, True) else []
            if len(outcomes) < limit:
                outcomes.append(to_outcome(run))
        return found

    async def prune(self, step: Micros, before: Instant, limit: int) -> int:
        old = [key for key in self._data.tallies if key.step == step and key.at < before][:limit]
        for key in old:
            del self._data.tallies[key]
        return len(old)


class ModelFailures:
    """See `contract.FailureStore`."""

    def __init__(self, data: Data) -> None:
        self._data = data

    async def find(self, query: GroupQuery) -> list[FailureGroup]:
        found = [each for each in self._data.groups.values() if self._matches(each, query)]
        return sorted(found, key=lambda each: (each.last_at, each.id), reverse=True)[: query.limit]

    async def get(self, domain: str, group_id: str) -> FailureGroup | None:
        return self._data.groups.get((domain, group_id))

    async def jobs(self, domain: str, group_ids: Sequence[str]) -> dict[str, list[JobCount]]:
        counts = {group_id: self._data.job_counts.get((domain, group_id), {}).values() for group_id in group_ids}
        return {one: sorted(each, key=lambda job: (-job.last_at, job.job_id)) for one, each in counts.items()}

    async def judge(self, domain: str, group_id: str, verdict: Verdict) -> FailureGroup | None:
        standing = self._data.groups.get((domain, group_id))
        if standing is None:
            return None
        said = replace(verdict, at=max(verdict.at, standing.last_at))
        self._data.groups[domain, group_id] = judged = replace(standing, verdict=said)
        event, data = GROUP_EVENTS[verdict.state], verdict_data(said)
        self._data.write(NewEvent(domain=domain, type=event, subject=group_id, at=verdict.at, data=data))
        return judged

    async def prune(self, before: Instant, limit: int) -> int:
        old = [name for name, each in self._data.groups.items() if each.last_at < before][:limit]
        for name in old:
            del self._data.groups[name], self._data.job_counts[name]
        return len(old)

    def _matches(self, one: FailureGroup, query: GroupQuery) -> bool:
        jobs = self._data.job_counts[one.domain, one.id]
        return (
            one.domain == query.domain
            and (query.before is None or (one.last_at, one.id) < query.before)
            and (not query.states or one.state(query.now) in query.states)
            and (not query.kinds or one.kind in query.kinds)
            and (not query.job_ids or any(job_id in jobs for job_id in query.job_ids))
            and (query.failed_after is None or one.last_at > query.failed_after)
        )


def to_outcome(run: Run) -> Outcome:
    """A run as it is told among the last of its job."""
    assert run.finished_at is not None, run
    return Outcome(run_id=run.id, state=run.state, started_at=run.started_at, finished_at=run.finished_at)


def to_ended(run: Run) -> Ended:
    """A run as it is counted."""
    assert run.finished_at is not None, run
    return Ended(
        run_id=run.id,
        domain=run.domain,
        job_id=run.job_id,
        queue=run.queue,
        state=run.state,
        claims=run.token,
        due_at=run.due_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        error=run.error if run.state is State.FAILED else None,
    )


def _add(data: Data, fresh: Fresh) -> None:
    name = fresh.group.domain, fresh.group.id
    standing = data.groups.get(name)
    data.groups[name] = added = add(standing, fresh.group)
    jobs = data.job_counts.setdefault(name, {})
    for each in fresh.failures:
        data.history[each.run_id].filed_under += ((GROUP_PATH, fresh.group.id),)
        before = jobs.get(each.job_id, JobCount(each.job_id, 0, each.at))
        jobs[each.job_id] = JobCount(each.job_id, before.count + 1, max(before.last_at, each.at))
    for event in opening(standing, added):
        data.write(event)
