"""Runs filed under the values of their inputs, by which they are found. Those without any cost nothing."""

from __future__ import annotations

from collections.abc import Iterable

from treadle.domain.runs import NewRun
from treadle.engines.sql.transaction import Row, Transaction


async def file(tx: Transaction, runs: Iterable[NewRun]) -> None:
    """File new runs; the caller holds the transaction."""
    await tx.feed("filing.put", [row for run in runs for row in _rows(run, run.id)])


async def refile(tx: Transaction, submitted: NewRun, run_id: str) -> None:
    """File a run that waits under the values of what has been submitted in its place."""
    if submitted.filed_under:
        await tx.call("filing.forget", [run_id])
        await tx.feed("filing.put", _rows(submitted, run_id))


def _rows(run: NewRun, run_id: str) -> list[Row]:
    return [(run.domain, path, value, run_id) for path, value in run.filed_under]
