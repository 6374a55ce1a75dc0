"""Dependencies: what a run's end means to the runs that wait for it, a part at a time.

Whoever ends runs notes in the same transaction those that others wait for (`note_…`) and calls `work_off`, which tells
children up to a bound. The rest stays on a list that every later trip and the sweeper work on.

A parent that is live is locked by whoever binds a child to it, and by whoever ends it: so either the child is seen at
the end, or the end by whoever binds the child.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from msgspec import structs

from treadle.domain.conditions import read_condition
from treadle.domain.dependencies import (
    MAX_FROM_JOBS,
    TOMBSTONE_KEPT,
    Decision,
    Depends,
    Join,
    OnParentFailure,
    Parent,
    Tally,
    decide,
    why_ended,
)
from treadle.domain.instants import Instant
from treadle.domain.outcomes import RunError
from treadle.domain.priority import rank
from treadle.domain.runs import NewRun
from treadle.domain.states import CANCEL_ROW
from treadle.engines.contract import Topic
from treadle.engines.sql.admission import advance
from treadle.engines.sql.cascades import EDGES_AT_ONCE, LEVELS_AT_ONCE, SKIP_ROW, Judged, judge_edge, tallies
from treadle.engines.sql.ending import End, end_waiting
from treadle.engines.sql.records import PRIORITIES, to_error, to_json
from treadle.engines.sql.transaction import Look, Row, Transaction

_depends: Final = msgspec.json.Decoder(Depends)


class Standing:
    """The parents that new runs name: what is there of them, asked once for a whole batch.

    In a lent transaction live parents are not locked, since that would keep them from being settled: any of them may
    end before the commit, and is looked at after it.
    """

    def __init__(self, *, may_end: bool) -> None:
        self._may_end = may_end
        self._ended: dict[tuple[str, str], bool] = {}
        self._of_job: dict[tuple[str, str], list[str]] = defaultdict(list)

    @classmethod
    async def of(cls, tx: Transaction, runs: Iterable[NewRun]) -> Standing:
        """What is there of the parents of runs. Those that are live stay so until the transaction ends."""
        named: dict[str, set[str]] = defaultdict(set)
        for run in runs:
            if run.depends is not None:
                named[run.domain].update(run.depends.parents)
        standing = cls(may_end=tx.lent)
        look = "dependencies.live" if tx.lent else "dependencies.standing_live"
        for domain, ids in sorted(named.items()):
            live = {run_id for (run_id,) in await tx.call(look, domain, sorted(ids))}
            ended = await tx.call("dependencies.standing_ended", domain, sorted(ids - live))
            standing._ended |= {(domain, run_id): False for run_id in live}
            standing._ended |= {(domain, run_id): True for (run_id,) in ended}
        return standing

    def add(self, run: NewRun) -> None:
        """A run of the batch is there, and may be named by those after it."""
        self._ended[run.domain, run.id] = False
        self._of_job[run.domain, run.job_id].append(run.id)

    async def expand(self, tx: Transaction, run: NewRun) -> NewRun:
        """A run with the parents that the dependencies of its job bring: their live runs, else how the newest ended."""
        if run.depends is None or not run.depends.jobs:
            return run
        found: dict[str, None] = dict.fromkeys(run.depends.parents)
        for job_id in run.depends.jobs:
            name = (run.domain, job_id)
            look = "triggers.live" if self._may_end else "triggers.standing_live"
            standing = [one for (one,) in await tx.call(look, *name, MAX_FROM_JOBS)]
            live = list(dict.fromkeys((*reversed(self._of_job[name]), *standing)))[:MAX_FROM_JOBS]
            ended = [] if live else [one for (one,) in await tx.call("triggers.newest", *name)]
            self._ended.update({(run.domain, one): not live for one in (*live, *ended)})
            found |= dict.fromkeys((*live, *ended))
        return structs.replace(run, depends=structs.replace(run.depends, parents=tuple(found)))

    def end(self, domain: str, run_id: str) -> None:
        """A run has ended since, because one of the batch took its place."""
        if (domain, run_id) in self._ended:
            self._ended[domain, run_id] = True
            for of_job in self._of_job.values():
                if run_id in of_job:
                    of_job.remove(run_id)

    def missing(self, run: NewRun) -> int | None:
        """The place of the first parent that is not there. A retry by hand needs none of them any more."""
        if run.depends is None or run.retry_of is not None:
            return None
        return next((at for at, one in enumerate(run.depends.parents) if (run.domain, one) not in self._ended), None)

    def known(self, run: NewRun) -> list[str]:
        """The parents of a run that are there."""
        parents = () if run.depends is None else run.depends.parents
        return [parent for parent in parents if (run.domain, parent) in self._ended]

    def ended(self, run: NewRun) -> list[str]:
        """The parents of a run that have ended, or may have by the time the run can be seen."""
        return [parent for parent in self.known(run) if self._may_end or self._ended[run.domain, parent]]


async def attach(tx: Transaction, runs: Sequence[NewRun], standing: Standing) -> None:
    """Bind new runs, which are stored, to their parents. Those that have ended already are noted as if they did now."""
    edges, dependents, ended = [], [], set()
    repeated = [run.retry_of for run in runs if run.retry_of is not None]
    awaited = {row[0] for row in await tx.call("dependencies.awaited", repeated)} if repeated else set()
    for run in runs:
        if run.retry_of is not None and run.retry_of in awaited:
            await _take_place(tx, run.retry_of, run.id)
        parents = standing.known(run)
        if run.depends is None or not parents:
            continue
        conditions = run.depends.conditions
        edges += [(parent, run.id, to_json(conditions.get(parent))) for parent in parents]
        dependents.append((run.id, run.depends.join, run.depends.on_failure, len(parents)))
        ended.update(standing.ended(run))
    await tx.feed("dependencies.put_edges", edges)
    await tx.feed("dependencies.put_dependents", dependents)
    if ended:
        await tx.call("dependencies.resolve_later", sorted(ended))


async def work_off(tx: Transaction, now: Instant) -> bool:
    """Tell children of parents that ended, level by level, up to a bound; answers whether some are left."""
    left = EDGES_AT_ONCE
    for _ in range(LEVELS_AT_ONCE):
        noted = await tx.call("dependencies.next_resolutions", EDGES_AT_ONCE)
        if not noted:
            return False
        if not (taken := await _ended(tx, noted)):
            break
        edges = await tx.call("dependencies.next_edges", [parent for _, parent in taken], left)
        if edges:
            await _resolve(tx, edges, now)
        if len(edges) < left:
            await tx.call("dependencies.resolved", [seq for seq, _ in taken])
        left -= len(edges)
        if left <= 0:
            break
    tx.topics.add(Topic.CASCADES)
    return True


async def _ended(tx: Transaction, noted: Sequence[Row]) -> list[Row]:
    """Of parents that were noted, those that have ended. One that lives is noted again at its end, which sees who waits
    for it: it is forgotten. One that is ending at this moment is left for the next time."""
    rows = await tx.call("dependencies.still_live", [parent for _, parent in noted])
    live = {row[0]: row[1] for row in rows}
    if stands := [seq for seq, parent in noted if live.get(parent)]:
        await tx.call("dependencies.resolved", stands)
    return [row for row in noted if row[1] not in live]


async def _take_place(tx: Transaction, failed_id: str, retry_id: str) -> None:
    """Let the repetition of a failed run be the parent of those that wait for it."""
    children = [child for (child,) in await tx.call("dependencies.waiting_for_retry", failed_id)]
    if children:
        await tx.call("dependencies.reopen", failed_id, children)
        await tx.call("dependencies.replace_parent", failed_id, retry_id, children)
        await tx.call("dependencies.rename_parent", failed_id, retry_id, children)


async def _resolve(tx: Transaction, edges: Sequence[Row], now: Instant) -> None:
    """Judge edges whose parents have ended, and move the children on by what is decided."""
    await tx.lock("dependencies.lock_children", sorted({child for _, child in edges}))
    rows = await tx.feed("dependencies.read_edges", edges)
    judged: list[Judged] = [(row[0], row[1], _judge(row)) for row in rows]
    await tx.feed("dependencies.set_verdicts", judged)
    go: list[tuple[str, int]] = []
    ends: list[End] = []
    for row in await tx.feed("dependencies.tally", tallies(judged)):
        child, seq, join, on_failure, pending, met, unmet, failed, failed_by, unmet_by = row
        decision = decide(Join(join), OnParentFailure(on_failure), Tally(pending, met, unmet, failed))
        if decision is Decision.GO:
            go.append((child, seq))
        elif decision is Decision.CANCEL:
            ends.append(End(seq, CANCEL_ROW, why_ended(decision, failed_by, None)))
        elif decision is Decision.SKIP:
            ((condition,),) = await tx.call("dependencies.condition", unmet_by, child)
            why = why_ended(decision, unmet_by, None if condition is None else read_condition(condition))
            ends.append(End(seq, SKIP_ROW, why))
    if go:
        tx.topics.add(Topic.RUNS)
        await _let_go(tx, go, now)
    if ends:
        tx.topics.add(Topic.EVENTS)
        await end_waiting(tx, ends, now)


def _judge(row: Row) -> str:
    _, _, join, state, error, condition, result = row
    known = to_error(error)
    return judge_edge(join, state, None if known is None else known.code, condition, result)


async def _let_go(tx: Transaction, children: Sequence[tuple[str, int]], now: Instant) -> None:
    """Move runs on whose parents let them: from now on they are eligible, and are ranked by that."""
    seqs = [seq for _, seq in children]
    await tx.call("dependencies.forget_dependents", [child for child, _ in children])
    rows = []
    for seq, due_at, priority in await tx.call("dependencies.held", seqs):
        eligible = max(due_at, now)
        rows.append((seq, eligible, rank(eligible, PRIORITIES[priority])))
    await tx.feed("dependencies.let_go", rows)
    await advance(tx, seqs, now)


async def bury(tx: Transaction, run_ids: Sequence[str], now: Instant, limit: int) -> None:
    """Before finished runs are pruned: keep for a while how the young among them ended."""
    young = [
        (run_id, domain, state, to_json(_what_is_kept(error)), finished_at)
        for run_id, domain, state, error, finished_at in await tx.call(
            "dependencies.young", list(run_ids), now - TOMBSTONE_KEPT
        )
    ]
    await tx.feed("dependencies.bury", young)
    await tx.call("dependencies.unbury", now - TOMBSTONE_KEPT, limit)
    await tx.call("dependencies.prune_edges", list(run_ids))


def _what_is_kept(error: str | None) -> RunError | None:
    known = to_error(error)
    return None if known is None else RunError(known.code, "")


async def parents(look: Look, domain: str, run_id: str, *, with_results: bool) -> list[Parent]:
    """The parents of a run in the order in which it names them."""
    found = await look.call("dependencies.depends", run_id, domain)
    if not found or found[0][0] is None:
        return []
    ids = _depends.decode(found[0][0]).parents
    known = {row[0]: row for row in await look.call("dependencies.parents", domain, list(ids), with_results)}
    return [_to_parent(known.get(one, (one, None, None, None))) for one in ids]


async def children(look: Look, domain: str, run_id: str, after: str, limit: int) -> list[str]:
    """The ids of the runs that name a run as their parent, from the first beyond `after`."""
    return [child for (child,) in await look.call("dependencies.children", domain, run_id, after, limit)]


def _to_parent(row: Row) -> Parent:
    return Parent(id=row[0], state=row[1], result=row[2], error=to_error(row[3]))
