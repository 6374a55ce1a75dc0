"""Clashes: submits that are one and the same as a run that stands, decided in the transaction that would store them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from treadle.domain.clashes import (
    DEBOUNCE_SCOPE,
    NO_WINDOW,
    UNIQUE_SCOPE,
    Debounce,
    Holder,
    OnClash,
    Unique,
    find_clash,
    queued_data,
    replaced_by,
)
from treadle.domain.instants import Instant
from treadle.domain.json import Json
from treadle.domain.priority import rank
from treadle.domain.runs import NewRun
from treadle.domain.states import DEBOUNCED_EVENT, debounced_data
from treadle.engines.contract import Accepted, Admission
from treadle.engines.sql.cancelling import cancel
from treadle.engines.sql.filing import refile
from treadle.engines.sql.lines import Lines
from treadle.engines.sql.numbers import Line, gates_of
from treadle.engines.sql.records import to_json, to_limits
from treadle.engines.sql.transaction import Transaction


class Clash(NamedTuple):
    """What a submit comes to: `answer` where it makes no new run, else who has its unique key, and `how` both go on."""

    answer: Accepted | None = None
    holder: Holder | None = None
    how: OnClash | None = None


NO_CLASH: Final = Clash()


def may_clash(run: NewRun) -> bool:
    """Whether there is anything to look at."""
    return run.debounce is not None or _unique(run) is not None


async def lock(tx: Transaction, runs: Iterable[NewRun]) -> None:
    """Let nobody else submit under the keys of runs until the transaction ends."""
    names = []
    for run in runs:
        if run.debounce is not None:
            names.append(f"{run.domain} {DEBOUNCE_SCOPE} {run.debounce.key}")
        if (unique := _unique(run)) is not None:
            names.append(f"{run.domain} {UNIQUE_SCOPE} {unique.key}")
    if names:
        await tx.lock("clashes.lock", names)


async def look(tx: Transaction, lines: Lines, run: NewRun, now: Instant) -> Clash:
    """What stands in a submit's way; it goes into a run that waits for it. The caller holds the locks."""
    if run.debounce is not None:
        return Clash(await _absorb(tx, lines, run, run.debounce, now))
    if (unique := _unique(run)) is None:
        return NO_CLASH
    name = (run.domain, UNIQUE_SCOPE, unique.key)
    if not tx.lent or unique.on_clash is OnClash.REPLACE:  # else a lent transaction would keep it from being settled
        await tx.lock("clashes.lock_holder", *name)
    holder = next((_to_holder(*row) for row in await tx.call("clashes.holder", *name)), None)
    how = find_clash(unique, holder, retry_of=run.retry_of, now=now)
    if holder is not None and how is OnClash.SKIP:
        return Clash(Accepted(holder.run_id, Admission.DUPLICATE))
    return Clash(None, holder, how)


async def take_keys(tx: Transaction, run: NewRun, clash: Clash, now: Instant) -> Json:
    """Give its keys to a run that is about to be stored, ending what gives way; answers what its event tells."""
    if clash.holder is not None and clash.how is OnClash.REPLACE:
        await cancel(tx, run.domain, [clash.holder.run_id], now, replaced_by(run.id))
    if (unique := _unique(run)) is not None:
        await tx.call("runs.take_keys", run.domain, UNIQUE_SCOPE, unique.key, run.id, "", unique.expires_at(now))
    if run.debounce is not None:
        await tx.call("runs.take_keys", run.domain, DEBOUNCE_SCOPE, run.debounce.key, run.id, "", NO_WINDOW)
    return queued_data(clash.how, clash.holder)


def _unique(run: NewRun) -> Unique | None:
    return None if run.limits is None else run.limits.unique


def _to_holder(run_id: str, expires_at: Instant, token: int | None, limits: str | None) -> Holder:
    unique = None if limits is None else to_limits(limits).unique
    return Holder(run_id, expires_at, unique, started=bool(token))


async def _absorb(tx: Transaction, lines: Lines, run: NewRun, debounce: Debounce, now: Instant) -> Accepted | None:
    name = (run.domain, DEBOUNCE_SCOPE, debounce.key)
    await tx.lock("clashes.lock_holder", *name)
    for seq, run_id, first in await tx.call("clashes.waiting", *name, now):
        due_at = debounce.due_at(first, now)
        line = Line(run.domain, run.queue, run.requires, solo=False)
        ((number,),) = await tx.call(
            "clashes.absorb",
            seq,
            (await lines.put(tx, [line]))[line],
            run.job_version,
            run.queue,
            run.requires,
            run.priority,
            due_at,
            rank(due_at, run.priority),
            to_json(run.limits),
            run.work,
            run.inputs,
            gates_of(run.domain, run.limits) or None,
        )
        await refile(tx, run, run_id)
        await tx.tell([(run.domain, DEBOUNCED_EVENT, run_id, number, run.job_id, now, debounced_data(due_at))])
        return Accepted(run_id, Admission.DEBOUNCED)
    return None
