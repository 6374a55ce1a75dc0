"""Submits that need nothing but to be stored: one call, which those share that come while another is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import chain
from typing import Final

import asyncpg

from treadle.domain.errors import Unavailable
from treadle.domain.runs import NewRun
from treadle.engines.contract import Topic
from treadle.engines.postgres.lines import Lines
from treadle.engines.postgres.look import as_array, columns, shared
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.writer import Writer
from treadle.engines.sql.newruns import OWN, RUN_COLUMNS, gated, line_of, row_of

_SQL: Final = load("runs")

MOST_SHARED: Final = 500
"""How many runs of several callers go together. Who submits more than that goes alone."""

_THEIR_FAULT: Final = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""Refusals that may be on account of one run, after which nothing is stored."""


class Submitter:
    """Stores runs by the short way."""

    def __init__(self, write: Writer, lines: Lines) -> None:
        self._write = write
        self._lines = lines
        self._waiting: list[tuple[Sequence[NewRun], asyncio.Future[bool]]] = []
        self._sending = False
        self._sender: asyncio.Task[None] | None = None

    def can_take(self, runs: Sequence[NewRun]) -> bool:
        """Whether there is nothing to decide about runs."""
        return bool(runs) and all(map(_is_plain, runs)) and not self._lines.lack(map(line_of, runs))

    async def __call__(self, runs: Sequence[NewRun]) -> bool:
        """Store all, or answer False: the long way is to be gone, which tells what is the matter."""
        if len(runs) > MOST_SHARED:
            return await self._store(runs)
        if not self._sending:
            return await self._go_first(runs)
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((runs, answer))
        return await answer

    async def _go_first(self, runs: Sequence[NewRun]) -> bool:
        """Store what nobody is there to share a trip with, at once. Those who come meanwhile are sent by a task: this
        caller's patience is its own."""
        self._sending = True
        try:
            return await self._store(runs)
        finally:
            if self._waiting:
                self._sender = asyncio.create_task(self._send(), name="submit")
            else:
                self._sending = False

    async def _send(self) -> None:
        """Make trips until nobody waits."""
        try:
            while group := self._next():
                try:
                    stored = await self._store(list(chain.from_iterable(runs for runs, _ in group)))
                except Exception as error:  # noqa: BLE001 - it is the callers'
                    for _, answer in group:
                        if not answer.done():
                            answer.set_exception(error)
                else:
                    for _, answer in group:
                        if not answer.done():
                            answer.set_result(stored)
        finally:
            self._sending = False

    def _next(self) -> list[tuple[Sequence[NewRun], asyncio.Future[bool]]]:
        """Those that go with the next trip. Who has given up does not."""
        group, count = [], 0
        while self._waiting and count + len(self._waiting[0][0]) <= MOST_SHARED:
            runs, answer = self._waiting.pop(0)
            if not answer.done():
                group.append((runs, answer))
                count += len(runs)
        return group

    async def _store(self, runs: Sequence[NewRun]) -> bool:
        rows = [row_of(run, as_array) for run in runs]
        try:
            if len(rows) == 1:
                (stored,) = await self._write.trip(_SQL["submit_one"], *rows[0], runs[0].if_unchanged)
            else:
                jobs = {(run.domain, run.job_id, run.job_version) for run in runs if run.if_unchanged}
                columns_of_jobs = columns(sorted(jobs), 3)
                (stored,) = await self._write.trip(_SQL["submit"], *shared(rows, OWN, RUN_COLUMNS), *columns_of_jobs)
        except Unavailable as error:
            if isinstance(error.__cause__, _THEIR_FAULT):
                return False
            raise
        if stored:
            self._write.wake((Topic.RUNS, Topic.EVENTS))
        return bool(stored)


def _is_plain(run: NewRun) -> bool:
    no_rules = run.limits is None or (run.limits.unique is None and not gated(run))
    return (
        no_rules
        and run.key is None
        and run.depends is None
        and not run.filed_under
        and run.debounce is None
        and run.retry_of is None
    )
