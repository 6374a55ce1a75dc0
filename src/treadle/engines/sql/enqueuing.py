"""Enqueue: rows, events and keys of new runs. Also the way by which schedules submit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from msgspec import structs

from treadle.domain.admission import AT_THE_GATE, NOT_DUE
from treadle.domain.clashes import OnClash
from treadle.domain.instants import Instant
from treadle.domain.json import Json
from treadle.domain.limits import is_rendered
from treadle.domain.runs import NewRun
from treadle.domain.submitting import wait_for
from treadle.engines.contract import Accepted, Admission
from treadle.engines.sql import clashing
from treadle.engines.sql.admission import admit, arrive
from treadle.engines.sql.dependencies import Standing, attach
from treadle.engines.sql.filing import file
from treadle.engines.sql.gates import declare
from treadle.engines.sql.jobs import changed
from treadle.engines.sql.keys import Keys
from treadle.engines.sql.letters import Letters
from treadle.engines.sql.lines import Lines
from treadle.engines.sql.newruns import gated, line_of
from treadle.engines.sql.queues import draining
from treadle.engines.sql.transaction import Transaction


class Enqueuer:
    """Stores runs, in the transactions of its callers."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    async def __call__(self, tx: Transaction, runs: Sequence[NewRun], now: Instant) -> list[Accepted]:
        """Insert runs; the caller holds the transaction, and calls `dependencies.work_off` in it.

        A key that stands names its first run instead. A queue that drains takes none. A run that names a parent which
        is not there is not stored, nor one whose job was to be unchanged and is not. One that is the same as a run that
        stands is, or is not, as its rule says. A retry by hand resolves the dead letter that it does again.
        """
        batch = _Batch(tx, self._lines, now)
        await batch.prepare(runs)
        answers = [await batch.submit(run) for run in runs]
        await batch.finish()
        return answers

    def must_prepare(self, runs: Iterable[NewRun]) -> bool:
        """Whether there is anything for `prepare` to do."""
        return self._lines.lack(map(line_of, runs)) or any(gated(run) for run in runs)

    async def prepare(self, tx: Transaction, runs: Sequence[NewRun], now: Instant) -> None:
        """Put down what is nobody's and others would wait for in a lent transaction: lines, and limits of jobs."""
        await self._lines.put(tx, {line_of(run) for run in runs})
        if changed := await _declare(tx, [run for run in runs if gated(run)]):
            await admit(tx, changed, now)


class _Batch:
    """Runs that are submitted together, one after the other. What is new is stored at last, or when it is looked at."""

    def __init__(self, tx: Transaction, lines: Lines, now: Instant) -> None:
        self._tx = tx
        self._lines = lines
        self._now = now
        self._new: list[tuple[NewRun, Json]] = []
        self._limited: list[NewRun] = []

    async def prepare(self, runs: Sequence[NewRun]) -> None:
        """Ask once what has to be known of all of them."""
        await clashing.lock(self._tx, runs)
        self._changed = await changed(self._tx, runs)
        self._closed = await draining(self._tx, runs)
        keyed = ((run.domain, run.key) for run in runs if run.key is not None)
        self._keys = await Keys.of(self._tx, keyed, self._now)
        self._known = await Standing.of(self._tx, runs)
        self._letters = await Letters.of(self._tx, runs)

    async def submit(self, wanted: NewRun) -> Accepted:
        """The answer to a run."""
        run = await self._known.expand(self._tx, wanted)
        if run.key is not None and (standing := self._keys.named(run.domain, run.key)) is not None:
            return standing
        if run.id in self._changed:
            return Accepted(run.id, Admission.JOB_CHANGED)
        if (run.domain, run.queue) in self._closed:
            return Accepted(run.id, Admission.QUEUE_DRAINING)
        if (at := self._known.missing(run)) is not None:
            return Accepted(run.id, Admission.PARENT_MISSING, at)
        clash = await self._look(run) if clashing.may_clash(run) else clashing.NO_CLASH
        if clash.answer is not None:
            self._keys.put(run.domain, run.key, clash.answer.run_id)
            return clash.answer
        # After this nothing may refuse the run: its letter is resolved.
        if run.retry_of is not None and not self._letters.resolve_by(run) and run.for_letter:
            return Accepted(run.id, Admission.LETTER_RESOLVED)
        self._keys.put(run.domain, run.key, run.id)
        told = await clashing.take_keys(self._tx, run, clash, self._now)
        self._known.add(run)
        held = wait_for(run, self._known.known(run))
        self._new.append((held, told))
        self._note_limits(held)
        return Accepted(run.id, Admission.CREATED)

    async def finish(self) -> None:
        """Insert what is left, put down the limits of the runs, and let those pass that nothing else holds."""
        await self._keys.save(self._tx, self._now)
        await self._letters.save(self._tx)
        await self._store()
        if self._limited and not self._tx.lent:
            await _bring_to_gates(self._tx, self._limited, self._now)

    async def _look(self, run: NewRun) -> clashing.Clash:
        await self._store()  # it may clash with one of these
        clash = await clashing.look(self._tx, self._lines, run, self._now)
        if clash.answer is not None and clash.answer.admission is Admission.DEBOUNCED:
            self._note_limits(run)
        if clash.how is OnClash.REPLACE and clash.holder is not None:
            self._known.end(run.domain, clash.holder.run_id)
        return clash

    def _note_limits(self, run: NewRun) -> None:
        if gated(run):
            self._limited.append(run)

    async def _store(self) -> None:
        """Insert what is new so far."""
        if not self._new:
            return
        runs = [run for run, _ in self._new]
        await self._lines.put(self._tx, {line_of(run) for run in runs})
        await self._tx.put_runs(self._new)
        await file(self._tx, runs)
        await attach(self._tx, runs, self._known)
        self._new.clear()


async def _bring_to_gates(tx: Transaction, limited: Sequence[NewRun], now: Instant) -> None:
    """Put down the limits of new runs, and let those pass that nothing else holds."""
    changed = await _declare(tx, limited)
    waiting = [run.id for run in limited if run.reason == AT_THE_GATE.reason]
    if waiting or changed:
        arrived = [(seq, gates) for seq, gates in await tx.call("admission.new_gated", waiting)]
        await arrive(tx, arrived, now, changed)


async def _declare(tx: Transaction, limited: Sequence[NewRun]) -> set[int]:
    """Put down the limits of new runs; answers the gates whose limit is new."""
    changed: set[int] = set()
    declared = ((run.domain, run.limits, run.retry_of is not None) for run in limited)
    for (domain, limits, again), _ in groupby(declared):  # in their order: of a key's limits, the newest holds
        if limits is not None:
            changed |= await declare(tx, domain, limits, over=_never if again else is_rendered)
    return changed


def _never(_key: str) -> bool:
    """The limits of a run that is done again are those of then."""
    return False


def after_commit(run: NewRun) -> NewRun:
    """A run as it is stored in a lent transaction, which must not hold a gate: it comes there as one that is due."""
    if run.reason != AT_THE_GATE.reason:
        return run
    return structs.replace(run, state=NOT_DUE.state, reason=NOT_DUE.reason)
