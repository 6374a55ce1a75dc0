"""Dependencies: what a run's end means to the runs that wait for it, a part at a time.

Whoever ends runs notes in the same transaction those that others wait for (`note_…`) and calls `work_off`, which tells
children up to a bound. The rest stays on a list that every later trip and the sweeper work on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import apsw
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
from treadle.domain.priority import rank
from treadle.domain.runs import NewRun
from treadle.domain.states import CANCEL_ROW
from treadle.engines.cascades import EDGES_AT_ONCE, LEVELS_AT_ONCE, SKIP_ROW, judge_edge, tallies
from treadle.engines.contract import Topic
from treadle.engines.records import PRIORITIES, to_error, to_json
from treadle.engines.sqlite.admission import advance
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.ending import End, end_waiting
from treadle.engines.sqlite.queries import load
from treadle.engines.sqlite.writer import Write

_SQL: Final = load("dependencies")
_TRIGGERS: Final = load("triggers")
_depends: Final = msgspec.json.Decoder(Depends)


class Standing:
    """The parents that new runs name: what is there of them, asked once for a whole batch."""

    def __init__(self, connection: apsw.Connection, runs: Iterable[NewRun]) -> None:
        self._connection = connection
        self._of_job: dict[tuple[str, str], list[str]] = defaultdict(list)
        named: dict[str, set[str]] = defaultdict(set)
        for run in runs:
            if run.depends is not None:
                named[run.domain].update(run.depends.parents)
        self._ended = {
            (domain, run_id): bool(ended)
            for domain, ids in named.items()
            for run_id, ended in fetch(connection, _SQL["standing"], (domain, json_list(sorted(ids))))
        }

    def add(self, run: NewRun) -> None:
        """A run of the batch is there, and may be named by those after it."""
        self._ended[run.domain, run.id] = False
        self._of_job[run.domain, run.job_id].append(run.id)

    def expand(self, run: NewRun) -> NewRun:
        """A run with the parents that the dependencies of its job bring: their live runs, else how the newest ended."""
        if run.depends is None or not run.depends.jobs:
            return run
        found: dict[str, None] = dict.fromkeys(run.depends.parents)
        for job_id in run.depends.jobs:
            name = (run.domain, job_id)
            live = [*reversed(self._of_job[name]), *self._live(name)][:MAX_FROM_JOBS]
            ended = [] if live else [row[0] for row in fetch(self._connection, _TRIGGERS["newest"], name)]
            self._ended.update({(run.domain, one): not live for one in (*live, *ended)})
            found |= dict.fromkeys((*live, *ended))
        return structs.replace(run, depends=structs.replace(run.depends, parents=tuple(found)))

    def _live(self, name: tuple[str, str]) -> list[str]:
        return [row[0] for row in fetch(self._connection, _TRIGGERS["live"], (*name, MAX_FROM_JOBS))]

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
        """The parents of a run that have ended."""
        return [parent for parent in self.known(run) if self._ended[run.domain, parent]]


def attach(connection: apsw.Connection, runs: Sequence[NewRun], standing: Standing) -> None:
    """Bind new runs, which are stored, to their parents. Those that have ended already are noted as if they did now."""
    for run in runs:
        if run.retry_of is not None:
            _take_place(connection, run.retry_of, run.id)
        parents = standing.known(run)
        if run.depends is None or not parents:
            continue
        conditions = run.depends.conditions
        edges = [(parent, run.id, to_json(conditions.get(parent))) for parent in parents]
        connection.execute(_SQL["put_edges"], (json_list(edges),))
        row = (run.id, run.depends.join, run.depends.on_failure, len(edges))
        connection.execute(_SQL["put_dependent"], row)
        connection.execute(_SQL["resolve_later"], (json_list(standing.ended(run)),))


def note_settled(connection: apsw.Connection) -> None:
    """Note the runs of the table `settling` that end and that others wait for."""
    ((any_waits,),) = fetch(connection, _SQL["any_dependents"])
    if any_waits:
        connection.execute(_SQL["resolve_settled"])


def work_off(write: Write, now: Instant) -> bool:
    """Tell children of parents that ended, level by level, up to a bound; answers whether some are left."""
    connection = write.connection
    left = EDGES_AT_ONCE
    for _ in range(LEVELS_AT_ONCE):
        ((taken, count),) = fetch(connection, _SQL["next_resolutions"], (EDGES_AT_ONCE,))
        if not count:
            return False
        edges = fetch(connection, _SQL["next_edges"], (taken, left))
        if edges:
            _resolve(write, edges, now)
        if len(edges) < left:
            connection.execute(_SQL["resolved"], (taken,))
        left -= len(edges)
        if left <= 0:
            break
    write.topics.add(Topic.CASCADES)
    return True


def _take_place(connection: apsw.Connection, failed_id: str, retry_id: str) -> None:
    """Let the repetition of a failed run be the parent of those that wait for it."""
    children = [child for (child,) in fetch(connection, _SQL["waiting_for_retry"], (failed_id,))]
    if children:
        listed = json_list(children)
        connection.execute(_SQL["reopen"], (failed_id, listed))
        connection.execute(_SQL["replace_parent"], (failed_id, retry_id, listed))
        connection.execute(_SQL["rename_parent"], (failed_id, retry_id, listed))


def _resolve(write: Write, edges: Sequence[tuple[Any, ...]], now: Instant) -> None:
    """Judge edges whose parents have ended, and move the children on by what is decided."""
    connection = write.connection
    verdicts = [(parent, child, _judge(edge)) for edge in edges for parent, child in [edge[:2]]]
    connection.execute(_SQL["set_verdicts"], (json_list(verdicts),))
    go: list[tuple[str, int]] = []
    ends: list[End] = []
    for row in fetch(connection, _SQL["tally"], (json_list(tallies(verdicts)),)):
        child, seq, join, on_failure, pending, met, unmet, failed, failed_by, unmet_by = row
        decision = decide(Join(join), OnParentFailure(on_failure), Tally(pending, met, unmet, failed))
        if decision is Decision.GO:
            go.append((child, seq))
        elif decision is Decision.CANCEL:
            ends.append(End(seq, CANCEL_ROW, why_ended(decision, failed_by, None)))
        elif decision is Decision.SKIP:
            ((condition,),) = fetch(connection, _SQL["condition"], (unmet_by, child))
            why = why_ended(decision, unmet_by, None if condition is None else read_condition(condition))
            ends.append(End(seq, SKIP_ROW, why))
    if go:
        write.topics.add(Topic.RUNS)
        _let_go(connection, go, now)
    if ends:
        write.topics.add(Topic.EVENTS)
        end_waiting(connection, ends, now)


def _judge(edge: tuple[Any, ...]) -> str:
    _, _, join, state, code, condition, result = edge
    return judge_edge(join, state, code, condition, None if result is None else result.encode())


def _let_go(connection: apsw.Connection, children: Sequence[tuple[str, int]], now: Instant) -> None:
    """Move runs on whose parents let them: from now on they are eligible, and are ranked by that."""
    seqs = [seq for _, seq in children]
    connection.execute(_SQL["forget_dependents"], (json_list([child for child, _ in children]),))
    rows = []
    for seq, due_at, priority in fetch(connection, _SQL["held"], (json_list(seqs),)):
        eligible = max(due_at, now)
        rows.append((seq, eligible, rank(eligible, PRIORITIES[priority])))
    connection.execute(_SQL["let_go"], (json_list(rows),))
    advance(connection, seqs, now)


def bury(connection: apsw.Connection, listed: str, now: Instant, limit: int) -> None:
    """Before the finished runs of a JSON list are pruned: keep for a while how the young among them ended."""
    connection.execute(_SQL["bury"], (listed, now - TOMBSTONE_KEPT))
    connection.execute(_SQL["unbury"], (now - TOMBSTONE_KEPT, limit))
    connection.execute(_SQL["prune_edges"], (listed,))


def parents(connection: apsw.Connection, domain: str, run_id: str, *, with_results: bool) -> list[Parent]:
    """The parents of a run in the order in which it names them."""
    found = fetch(connection, _SQL["depends"], (run_id, domain))
    if not found or found[0][0] is None:
        return []
    ids = _depends.decode(found[0][0]).parents
    known = {row[0]: row for row in fetch(connection, _SQL["parents"], (domain, json_list(ids), with_results))}
    return [_to_parent(known.get(one, (one, None, None, None))) for one in ids]


def children(connection: apsw.Connection, domain: str, run_id: str, after: str, limit: int) -> list[str]:
    """The ids of the runs that name a run as their parent, from the first beyond `after`."""
    return [child for (child,) in fetch(connection, _SQL["children"], (domain, run_id, after, limit))]


def _to_parent(row: tuple[Any, ...]) -> Parent:
    return Parent(id=row[0], state=row[1], result=row[2], error=to_error(row[3]))
