"""Settle: apply transitions to running runs, each only while its fence holds; whole batches at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from treadle.domain.instants import Instant
from treadle.domain.runs import TERMINAL, State
from treadle.domain.states import ENDS, Row, Transition, row_for, settled_data
from treadle.engines.contract import Topic
from treadle.engines.postgres import messages
from treadle.engines.postgres.lines import Lines
from treadle.engines.postgres.look import columns, shared
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.triggers import note_completed
from treadle.engines.postgres.writer import Transaction
from treadle.engines.sql.admission import arrive, release
from treadle.engines.sql.numbers import Line
from treadle.engines.sql.records import to_json
from treadle.engines.sql.waits import begin_waits

_SQL: Final = load("runs")

ENDED_OWN: Final = 5
ENDED_COLUMNS: Final = 13
"""How many values tell the end of a run; and how many of these are its own, the others being how it ended."""


class Settled(NamedTuple):
    """A transition whose fence held, and where it leads: elsewhere than it says, where a cancel was accepted."""

    seq: int
    transition: Transition
    row: Row
    events: int
    rank: Instant
    gates: Sequence[int] | None


async def settle(tx: Transaction, lines: Lines, done: Sequence[Transition], now: Instant) -> tuple[str, ...]:
    """Apply what may be applied; answers the ids of the refused. The caller holds the transaction, and has looked at
    the leases of those who settle."""
    if not done:
        return ()
    settled, doubtful = await _match(tx, done)
    if settled:
        tx.topics.add(Topic.EVENTS)
        await _apply(tx, lines, settled)
        await _hand_on(tx, settled, now)
    return await _refused(tx, doubtful) if doubtful else ()


async def _match(tx: Transaction, done: Sequence[Transition]) -> tuple[list[Settled], list[Transition]]:
    """Lock the runs whose fence holds. The others are those whose does not, or that name a run for the second time."""
    fences = [(transition.run.id, transition.run.token) for transition in done]
    found = {(row[1], row[2]): row for row in await tx.fetch(_SQL["fence"], *columns(fences, 2))}
    settled, doubtful = [], []
    for transition, fence in zip(done, fences, strict=True):
        if (row := found.pop(fence, None)) is None:
            doubtful.append(transition)
        else:
            seq, _, _, cancel_at, events, rank, gates = row
            leads_to = row_for(transition, cancel_requested=cancel_at is not None)
            settled.append(Settled(seq, transition, leads_to, events, rank, gates))
    return settled, doubtful


async def _apply(tx: Transaction, lines: Lines, settled: Sequence[Settled]) -> None:
    """Write down what becomes of runs, and of the messages that they have."""
    ending = [one for one in settled if one.row.to in TERMINAL]
    ((any_waits, any_messages, any_follow),) = await tx.fetch(_SQL["dependants"])
    if any_messages:
        await messages.settle(tx, [(one.transition, one.row) for one in settled])
    if any_waits:
        await tx.call("dependencies.resolve_settled", [one.transition.run.id for one in ending])
    if any_follow:
        await note_completed(tx, [one.transition.run for one in ending if one.row.to is State.COMPLETED])
    if ending:
        rows = [ended(one.transition, one.row) for one in ending]
        await tx.fetch(_SQL["finish"], tx.batch, tx.numbers(len(rows)), *shared(rows, ENDED_OWN, ENDED_COLUMNS))
    if back := [one for one in settled if one.row.to not in TERMINAL]:
        tx.topics.add(Topic.RUNS)
        await tx.tell([_event(one) for one in back])
        numbers = await lines.put(tx, {_line(one.transition) for one in back})
        await tx.fetch(_SQL["put_back"], *columns([_put_back(one, numbers[_line(one.transition)]) for one in back], 14))


async def _hand_on(tx: Transaction, settled: Sequence[Settled], now: Instant) -> None:
    """Give slots to whoever is next, and let those wait that came for an event."""
    gated = [(one, one.gates) for one in settled if one.gates is not None]
    if gated:
        freed = await release(tx, [(one.rank, one.seq, gates) for one, gates in gated])
        back = [(one.seq, gates) for one, gates in gated if one.row.to is State.READY]
        await arrive(tx, back, now, freed, were_ready=True)
    waits = [
        (one.seq, one.transition.run.domain, one.transition.wait)
        for one in settled
        if one.row.to is State.BLOCKED and one.transition.wait is not None
    ]
    if waits:
        await begin_waits(tx, waits, now)


def _line(transition: Transition) -> Line:
    run = transition.run
    return Line(run.domain, run.queue, run.requires, transition.suspect)


def _event(one: Settled) -> tuple[Any, ...]:
    run = one.transition.run
    data = settled_data(one.transition)
    return run.domain, one.row.event, run.id, one.events + 1, run.job_id, one.transition.at, data


def ended(said: Transition, row: Row) -> tuple[Any, ...]:
    """A run's end as the function `treadle.finish` takes it, by the row that applies."""
    return (
        said.run.id,
        said.run.token,
        said.at,
        said.started_at,
        said.result,
        row.to,
        to_json(said.error),
        said.failures,
        said.losses,
        said.solo_losses,
        said.suspect,
        row.event,
        settled_data(said),
    )


def _put_back(one: Settled, line: int) -> tuple[Any, ...]:
    said = one.transition
    return (
        one.seq,
        one.row.to,
        said.at,
        said.started_at,
        line,
        said.rank,
        said.due_at,
        to_json(said.reason),
        to_json(said.error),
        said.failures,
        said.losses,
        said.solo_losses,
        said.suspect,
        one.row.event,
    )


async def _refused(tx: Transaction, doubtful: Sequence[Transition]) -> tuple[str, ...]:
    """Of those that were not settled now, all but those that were before."""
    ids = [transition.run.id for transition in doubtful]
    put_back = {
        (run_id, token): event
        for run_id, token, event in await tx.fetch(_SQL["put_back_fences"], ids)
        if event not in ENDS
    }
    finished = {
        (run_id, token): (state, cancel_at is not None)
        for run_id, token, state, cancel_at in await tx.fetch(_SQL["finished_fences"], ids)
    }

    def was_applied(transition: Transition) -> bool:
        fence = transition.run.id, transition.run.token
        if fence in put_back:
            return bool(put_back[fence] == transition.event)
        if fence not in finished:
            return False
        state, cancel_requested = finished[fence]
        return bool(row_for(transition, cancel_requested=cancel_requested).to == state)

    return tuple(transition.run.id for transition in doubtful if not was_applied(transition))
