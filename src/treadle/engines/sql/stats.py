"""What runs that have ended add up to, counted along the event log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from treadle.domain.instants import Instant, Micros
from treadle.domain.runs import State
from treadle.domain.stats import ENDS, Ended, Key, Outcome, Standing, Tally, count, depths
from treadle.engines.sql import failures
from treadle.engines.sql.queues import standings
from treadle.engines.sql.records import to_error
from treadle.engines.sql.transaction import Look, Reader, Row, Transaction, Writer

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Tally)


class _Window(Struct, frozen=True):
    """So many events of the log beyond a position, up to another, and the runs whose ends they tell."""

    after: int
    upto: int
    passed: int = 0
    ended: tuple[Ended, ...] = ()


class Stats:
    """See `contract.StatStore`. `bounds` are those of the event log."""

    def __init__(
        self, write: Writer[Transaction], read: Reader, bounds: Callable[[], Awaitable[tuple[int, int]]]
    ) -> None:
        self._write = write
        self._read = read
        self._bounds = bounds

    async def roll_up(self, limit: int) -> int:
        while True:
            # What lies in the log does not change: it is read and added up before others have to wait.
            window = await self._next(limit)
            if not window.passed or await self._write(lambda tx, window=window: _count(tx, window)):  # type: ignore[misc]
                return window.passed

    async def note_depths(self, domain: str, ready: Mapping[str, int], *, now: Instant | None = None) -> None:
        async def work(tx: Transaction) -> None:
            await tx.lock("stats.lock")
            await _add(tx, depths(domain, ready, await tx.now(now)))

        await self._write(work)

    async def tallies(
        self, domain: str, series: str, step: Micros, since: Instant, until: Instant
    ) -> list[tuple[Instant, Tally]]:
        rows = await self._read.call("stats.tallies", domain, series, step, since, until)
        return [(at, _decoder.decode(tally)) for at, tally in rows]

    async def standing(self, domain: str) -> Standing:
        async def work(look: Look) -> Standing:
            lines = await look.call("queues.lines", domain, None)
            return (await standings(look, [(domain, line) for _, line in lines])).get(domain, Standing())

        return await self._read.in_turn(work)

    async def recent(self, domain: str, job_ids: Sequence[str], limit: int) -> dict[str, list[Outcome]]:
        found: dict[str, list[Outcome]] = {}
        for job_id, run_id, state, started_at, finished_at in await self._read.call(
            "stats.recent", domain, list(job_ids), limit
        ):
            outcome = Outcome(run_id=run_id, state=State(state), started_at=started_at, finished_at=finished_at)
            found.setdefault(job_id, []).append(outcome)
        return found

    async def _next(self, limit: int) -> _Window:
        """What comes after all that is counted."""
        _, newest = await self._bounds()

        async def work(look: Look) -> _Window:
            found = await look.call("stats.position")
            after = int(found[0][0]) if found else 0
            if newest <= after:
                return _Window(after, after)
            ((passed, upto),) = await look.call("stats.window", after, limit)
            rows = await look.call("stats.ended", after, upto, sorted(ENDS)) if passed else []
            return _Window(after, upto, passed, tuple(_to_ended(row) for row in rows))

        return await self._read.together(work)

    async def prune(self, step: Micros, before: Instant, limit: int) -> int:
        return len(await self._write.call("stats.prune", step, before, limit))


async def _count(tx: Transaction, window: _Window) -> bool:
    """Write down what the runs of a window add up to; False where another was quicker."""
    await tx.lock("stats.lock")
    if not await tx.call("stats.advance", window.after, window.upto):
        return False
    await _add(tx, count(window.ended))
    await failures.add_failures(tx, window.ended)
    return True


async def _add(tx: Transaction, added: Mapping[Key, Tally]) -> None:
    """Add to the tallies that stand; the caller holds the transaction."""
    standing = {Key(*row[:4]): _decoder.decode(row[4]) for row in await tx.feed("stats.known", list(added))}
    sums = ((key, tally + standing[key] if key in standing else tally) for key, tally in added.items())
    await tx.feed("stats.put", [(*key, _encoder.encode(tally).decode()) for key, tally in sums])


def _to_ended(row: Row) -> Ended:
    run_id, domain, job_id, queue, state, claims, due_at, started_at, finished_at, error = row
    return Ended(
        run_id=run_id,
        domain=domain,
        job_id=job_id,
        queue=queue,
        state=State(state),
        claims=claims,
        due_at=due_at,
        started_at=started_at,
        finished_at=finished_at,
        error=to_error(error),
    )
