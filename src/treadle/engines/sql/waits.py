"""Runs that wait for an event: how a wait begins, and what ends it. The caller holds the transaction.

An event is published in one transaction and brought to those who wait for it in another, once it has its position. Both
those who begin to wait and those who bring events hold a lock on the event's name: so either the wait is seen by who
brings the event, or the event by who begins to wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from treadle.domain import json
from treadle.domain.instants import Instant
from treadle.domain.json import Json
from treadle.domain.steps import StepKind
from treadle.domain.waits import FAMILY, EventWait, data_keys, match_key, matches
from treadle.engines.sql.admission import advance
from treadle.engines.sql.transaction import Transaction

_NOTHING: Final = b"null"

MOST_RUNS: Final = 500
MOST_BYTES: Final = 4 * 1024 * 1024
"""What one transaction writes to wake runs: each gets a copy of the event's data."""


async def begin_waits(tx: Transaction, waits: Sequence[tuple[int, str, EventWait]], now: Instant) -> None:
    """Let runs, as (number, domain, what it waits for), wait, or go on at once where it has come since they looked."""
    rows = [
        (
            run,
            domain,
            FAMILY + wait.event,
            match_key(json.decode(wait.match)),
            wait.after,
            wait.step,
            wait.match,
            wait.timeout_at,
        )
        for run, domain, wait in waits
    ]
    named = sorted({(domain, type_) for _, domain, type_, *_ in rows})
    await tx.lock("steps.share_line", [domain for domain, _ in named], [type_ for _, type_ in named])
    await tx.feed("steps.begin", rows)
    for run, _, wait in waits:
        wanted = json.decode(wait.match)
        missed = await tx.call("steps.candidates", run)
        answers = ((seq, data) for seq, data in missed if matches(wanted, json.decode(data)))
        for seq, data in islice(answers, 1):
            await _go_on(tx, [run], StepKind.EVENT, now, event=seq, result=data)


async def end_waits(tx: Transaction, runs: Sequence[int]) -> None:
    """Forget what runs were waiting for."""
    await tx.call("steps.end", list(runs))


async def deliver(tx: Transaction, now: Instant) -> tuple[int, bool]:
    """Go on with the oldest event that is on its way; how many runs were woken, and whether there is more to do."""
    for seq, domain, type_, data in await tx.call("steps.next_delivery"):
        woken, more = (0, False) if domain is None else await _bring(tx, (domain, type_, data), seq, now)
        if not more:  # also where the event was pruned
            await tx.call("steps.end_deliveries", seq)
        return woken, await _is_undelivered(tx)
    return 0, False


async def time_out(tx: Transaction, now: Instant, limit: int) -> None:
    """Let up to `limit` runs go on whose event has not come in time. One that is on its way counts as come."""
    await deliver(tx, now)
    if not await _is_undelivered(tx):
        runs = [run for (run,) in await tx.call("steps.timed_out", now, limit)]
        await _go_on(tx, runs, StepKind.TIMEOUT, now, event=None, result=_NOTHING)


async def _is_undelivered(tx: Transaction) -> bool:
    ((undelivered,),) = await tx.call("steps.undelivered")
    return bool(undelivered)


async def _bring(tx: Transaction, event: tuple[str, str, Json], seq: int, now: Instant) -> tuple[int, bool]:
    domain, type_, data = event
    await tx.lock("steps.take_line", domain, type_)
    content = json.decode(data)
    most = max(1, min(MOST_RUNS, MOST_BYTES // len(data)))
    rows = await tx.call("steps.waiters", domain, type_, data_keys(content), seq, most)
    answered = [run for run, match in rows if matches(json.decode(match), content)]
    await tx.call("steps.look_past", [run for run, _ in rows], seq)
    await _go_on(tx, answered, StepKind.EVENT, now, event=seq, result=data)
    return len(answered), len(rows) == most


async def _go_on(
    tx: Transaction, runs: Sequence[int], kind: StepKind, now: Instant, *, event: int | None, result: Json
) -> None:
    """Record what ended the waits of runs, and let them go on."""
    if not runs:
        return
    await tx.call("steps.answer", list(runs), kind, now, event, result)
    await tx.call("steps.mark", list(runs))
    await end_waits(tx, runs)
    await advance(tx, runs, now)
