"""Groups of equal failures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from treadle.domain.events import NewEvent
from treadle.domain.failures import (
    GROUP_EVENTS,
    GROUP_PATH,
    FailureGroup,
    Fresh,
    GroupState,
    JobCount,
    Verdict,
    add,
    group,
    opening,
    verdict_data,
)
from treadle.domain.instants import LAST, Instant
from treadle.domain.stats import Ended
from treadle.engines.contract import GroupQuery, Topic
from treadle.engines.sql.transaction import Look, Reader, Row, Transaction, Writer, append

_BEYOND_ALL: Final = (LAST, "")


async def add_failures(tx: Transaction, ended: Iterable[Ended]) -> None:
    """Add the failures among runs that have ended to their groups; the caller holds the lock of all that is counted."""
    fresh = group(ended)
    if not fresh:
        return
    names = [(each.group.domain, each.group.id) for each in fresh]
    known = {(one.domain, one.id): one for one in await _known(tx, names)}
    events = []
    for name, each in zip(names, fresh, strict=True):
        standing = known.get(name)
        known[name] = added = add(standing, each.group)
        events += opening(standing, added)
    await tx.feed("failures.put", [_to_row(known[name]) for name in names])
    await tx.feed("filing.put", [row for each in fresh for row in _filed(each)])
    await tx.feed("failures.add_jobs", [row for each in fresh for row in _jobs(each)])
    if events:
        tx.topics.add(Topic.EVENTS)
        await append(tx, events)


class Failures:
    """See `contract.FailureStore`."""

    def __init__(self, write: Writer[Transaction], read: Reader) -> None:
        self._write = write
        self._read = read

    async def find(self, query: GroupQuery) -> list[FailureGroup]:
        rows = await self._read.call(
            "failures.find",
            query.domain,
            *(query.before or _BEYOND_ALL),
            -1 if query.failed_after is None else query.failed_after,
            list(query.states) or None,
            query.now,
            list(query.kinds) or None,
            list(query.job_ids) or None,
            query.limit,
        )
        return [_to_group(row) for row in rows]

    async def get(self, domain: str, group_id: str) -> FailureGroup | None:
        found = await self._read.in_turn(lambda look: _known(look, [(domain, group_id)]))
        return found[0] if found else None

    async def jobs(self, domain: str, group_ids: Sequence[str]) -> dict[str, list[JobCount]]:
        found: dict[str, list[JobCount]] = {group_id: [] for group_id in group_ids}
        for group_id, job_id, count, last_at in await self._read.call("failures.jobs", domain, list(group_ids)):
            found[group_id].append(JobCount(job_id, count, last_at))
        return found

    async def judge(self, domain: str, group_id: str, verdict: Verdict) -> FailureGroup | None:
        async def work(tx: Transaction) -> FailureGroup | None:
            await tx.lock("stats.lock")
            found = await _known(tx, [(domain, group_id)])
            if not found:
                return None
            judged = replace(found[0], verdict=replace(verdict, at=max(verdict.at, found[0].last_at)))
            await tx.feed("failures.put", [_to_row(judged)])
            event = GROUP_EVENTS[verdict.state]
            data = verdict_data(judged.verdict)
            await append(tx, [NewEvent(domain=domain, type=event, subject=group_id, at=verdict.at, data=data)])
            tx.topics.add(Topic.EVENTS)
            return judged

        return await self._write(work)

    async def prune(self, before: Instant, limit: int) -> int:
        async def work(tx: Transaction) -> int:
            await tx.lock("stats.lock")
            names = [tuple(row) for row in await tx.call("failures.old", before, limit)]
            for statement in ("failures.forget_jobs", "failures.forget"):
                await tx.feed(statement, names)
            return len(names)

        return await self._write(work)


async def _known(look: Look, names: Sequence[tuple[str, str]]) -> list[FailureGroup]:
    return [_to_group(row) for row in await look.feed("failures.known", names)]


def _filed(fresh: Fresh) -> list[Row]:
    return [(fresh.group.domain, GROUP_PATH, fresh.group.id, each.run_id) for each in fresh.failures]


def _jobs(fresh: Fresh) -> list[Row]:
    by_job: dict[str, list[Instant]] = {}
    for each in fresh.failures:
        by_job.setdefault(each.job_id, []).append(each.at)
    return [(fresh.group.domain, fresh.group.id, job_id, len(ats), max(ats)) for job_id, ats in by_job.items()]


def _to_row(one: FailureGroup) -> Row:
    said = one.verdict
    return (
        one.domain,
        one.id,
        one.kind,
        one.place,
        one.title,
        one.count,
        one.first_at,
        one.last_at,
        one.run_id,
        said.state,
        said.at,
        said.until,
        said.by,
        said.why,
    )


def _to_group(row: Row) -> FailureGroup:
    domain, group_id, kind, place, title, count, first_at, last_at, run_id, state, at, until, by, why = row
    return FailureGroup(
        domain=domain,
        id=group_id,
        kind=kind,
        place=place,
        title=title,
        count=count,
        first_at=first_at,
        last_at=last_at,
        run_id=run_id,
        verdict=Verdict(state=GroupState(state), at=at, until=until, by=by, why=why),
    )
