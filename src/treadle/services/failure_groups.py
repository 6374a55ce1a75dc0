"""Groups of equal failures: list, read, resolve, snooze."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from msgspec import Struct, to_builtins

from treadle.domain.errors import InvalidInput, NotFound, Problem
from treadle.domain.failures import GROUP_PATH, FailureGroup, GroupState, JobCount, Resolve, Snooze, Verdict, bars
from treadle.domain.ids import made_at
from treadle.domain.instants import Instant
from treadle.domain.runs import Run
from treadle.engines.contract import Engine, GroupQuery, RunQuery
from treadle.services.paging import Page, decode_cursor, encode_cursor

MOST_RECENT: Final = 500
"""How many of a group's failures, the newest, are looked at for when they came."""

_APART: Final = " "


class GroupFilters(Struct, frozen=True, kw_only=True):
    """Which groups are asked for; several values of one field mean any of them."""

    states: tuple[GroupState, ...] = ()
    job_ids: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    failed_after: Instant | None = None


class Grouped(Struct, frozen=True):
    """A group with the jobs whose runs are in it, as it stands at a moment; `recent` are the bars of its failures."""

    group: FailureGroup
    jobs: list[JobCount]
    recent: tuple[int, ...]
    now: Instant


class FailureGroups:
    """The use cases of groups."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def page(self, domain: str, filters: GroupFilters, *, limit: int, cursor: str | None = None) -> Page[Grouped]:
        """Groups, those that failed last first. Raises InvalidInput for a cursor of another question."""
        question = ("failure_groups", domain, to_builtins(filters))
        query = GroupQuery(
            domain=domain,
            now=self._engine.now(),
            limit=limit + 1,
            before=None if cursor is None else _place(decode_cursor(cursor, question)),
            states=filters.states,
            job_ids=filters.job_ids,
            kinds=filters.kinds,
            failed_after=filters.failed_after,
        )
        found = await self._engine.failures.find(query)
        more = len(found) > limit
        found = found[:limit]
        next_cursor = encode_cursor(f"{found[-1].last_at}{_APART}{found[-1].id}", question) if more else None
        return Page(await self._with_jobs(domain, found), next_cursor)

    async def get(self, domain: str, group_id: str) -> Grouped:
        """One group. Raises NotFound."""
        return await self._one(domain, group_id, await self._engine.failures.get(domain, group_id))

    async def runs(self, domain: str, group_id: str, *, limit: int, cursor: str | None = None) -> Page[Run]:
        """The failed runs of a group, newest first, as long as they are kept. Raises NotFound."""
        await self.get(domain, group_id)
        question = ("failures", domain, group_id)
        query = RunQuery(
            domain=domain,
            limit=limit + 1,
            before=None if cursor is None else decode_cursor(cursor, question),
            where=((GROUP_PATH, (group_id,)),),
        )
        found = await self._engine.runs.find(query)
        more = len(found) > limit
        found = found[:limit]
        return Page(found, encode_cursor(found[-1].id, question) if more else None)

    async def resolve(self, domain: str, group_id: str, said: Resolve, *, by: str) -> Grouped:
        """It is not to come again: a new failure opens it. Raises NotFound."""
        verdict = Verdict(state=GroupState.RESOLVED, at=self._engine.now(), by=by, why=said.why)
        return await self._judge(domain, group_id, verdict)

    async def snooze(self, domain: str, group_id: str, said: Snooze, *, by: str) -> Grouped:
        """Not now: it is open again from a moment on. Raises NotFound, and InvalidInput for what is no such moment."""
        now = self._engine.now()
        until = said.moment(now)
        return await self._judge(
            domain, group_id, Verdict(state=GroupState.SNOOZED, at=now, until=until, by=by, why=said.why)
        )

    async def reopen(self, domain: str, group_id: str, *, by: str) -> Grouped:
        """Take back what was said of it. Raises NotFound."""
        return await self._judge(domain, group_id, Verdict(at=self._engine.now(), by=by))

    async def _judge(self, domain: str, group_id: str, verdict: Verdict) -> Grouped:
        return await self._one(domain, group_id, await self._engine.failures.judge(domain, group_id, verdict))

    async def _one(self, domain: str, group_id: str, group: FailureGroup | None) -> Grouped:
        if group is None:
            raise NotFound(f"there is no failure group {group_id}")
        return (await self._with_jobs(domain, [group]))[0]

    async def _with_jobs(self, domain: str, groups: Sequence[FailureGroup]) -> list[Grouped]:
        if not groups:
            return []
        jobs = await self._engine.failures.jobs(domain, [group.id for group in groups])
        now = self._engine.now()
        recent = await asyncio.gather(*(self._recent(domain, group.id, now) for group in groups))
        return [Grouped(each, jobs[each.id], seen, now) for each, seen in zip(groups, recent, strict=True)]

    async def _recent(self, domain: str, group_id: str, now: Instant) -> tuple[int, ...]:
        """Ids tell when they were made, and are all that is read: not the runs."""
        query = RunQuery(domain=domain, limit=MOST_RECENT, where=((GROUP_PATH, (group_id,)),))
        return bars(map(made_at, await self._engine.runs.find_ids(query)), now)


def _place(position: str) -> tuple[Instant, str]:
    at, _, group_id = position.partition(_APART)
    try:
        return int(at), group_id
    except ValueError:
        raise InvalidInput([Problem("/query/cursor", "is no cursor of this server")]) from None
