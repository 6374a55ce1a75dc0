"""Moving an installation to another engine while it works.

First all is copied while work goes on. Then nothing more is claimed, and what runs may end within a grace; the rest is
given back. Then nothing is taken any more at all, what has changed meanwhile is copied, both sides are compared, and
the other one is in charge with the commit that makes all this visible there. Until then, the move can be given up.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from treadle.domain.errors import Conflict, NotFound
from treadle.domain.instants import from_seconds
from treadle.domain.outcomes import Released
from treadle.domain.states import settle
from treadle.domain.work import decode_work
from treadle.engines.contract import Engine
from treadle.engines.moving import RANGE_ROWS, Key, Move, MoveState, Pair, Source, Tally, Target, tally
from treadle.executors.logbuffer import FLUSH_SECONDS
from treadle.system import chance

_RELEASED: Final = Released("the installation moves")
_POLL_SECONDS: Final = 0.1
_LAST_LINES_SECONDS: Final = 10 * FLUSH_SECONDS
"""How long the last lines of runs that have ended may be on their way: workers gather them for a moment."""
_MARGIN_SECONDS: Final = 60.0
"""How long beyond the grace nothing is claimed, should the move break off there."""

Say: TypeAlias = Callable[[str], None]
OpenEngine: TypeAlias = Callable[[], Awaitable[Engine]]


class TableReport(Struct, frozen=True):
    """What of a table is on either side; checksums are hexadecimal."""

    table: str
    source_rows: int
    target_rows: int
    source_checksum: str
    target_checksum: str


class Report(Struct, frozen=True):
    """What was moved where."""

    target: str
    rows: int
    tables: list[TableReport]


async def move(
    source: Source, target: Target, standing: Move, *, open_engine: OpenEngine, grace: float, say: Say
) -> Report:
    """Move all; or go on where it broke off. Raises Conflict as the sides do, and where they differ in the end."""
    complete = await target.begin(standing)
    if complete is not None:
        source.finish(standing)
        return msgspec.json.decode(complete, type=Report)
    pairs = [await target.pair(table) for table in source.tables()]
    if standing.state is not MoveState.FENCED:
        say("copying while work goes on")
        for pair in pairs:
            found = await _sync(source, target, pair)
            say(f"copied {pair.source.name}: {found.source_rows} rows")
        await _empty(source, standing, open_engine, grace, say)
    say("nothing is taken here any more: copying what has changed, and comparing")
    await target.begin_last_pass()
    tables = [await _sync(source, target, pair) for pair in pairs]
    report = Report(standing.target, sum(table.target_rows for table in tables), tables)
    differing = [one.table for one in tables if one.source_checksum != one.target_checksum]
    if differing:
        raise Conflict(f"the two sides differ in {', '.join(differing)}: nothing was changed over")
    await target.complete(msgspec.json.encode(report).decode())
    say("the other side is in charge")
    source.finish(standing)
    return report


async def give_up(source: Source, target: Target, place: str) -> None:
    """Let work go on where it was, instead of at `place`.

    Raises NotFound where no move to it was begun, Conflict where it is in charge.
    """
    standing = source.standing()
    if standing is None or standing.target != place:
        begun = "none was begun" if standing is None else f"the one that was begun goes to {standing.target}"
        raise NotFound(f"there is no move to {place} to give up: {begun}")
    if await target.begin(standing) is not None:
        raise Conflict(f"the move is complete: {standing.target} is in charge")
    source.reopen(standing)


async def _empty(source: Source, standing: Move, open_engine: OpenEngine, grace: float, say: Say) -> None:
    """Let what runs end within the grace, give back the rest, and take nothing any more."""
    engine = await open_engine()
    try:
        source.close(standing, engine.now() + from_seconds(grace + _MARGIN_SECONDS))
        say(f"nothing is claimed any more: what runs may end within {grace:g} s")
        deadline = time.monotonic() + grace
        while source.holders() and time.monotonic() < deadline:  # noqa: ASYNC110 - others end them, in other processes
            await asyncio.sleep(_POLL_SECONDS)
        await asyncio.sleep(_LAST_LINES_SECONDS)
        while not source.fence(standing):
            given_back = await _give_back(engine, source.holders())
            say(f"gave back {given_back} runs that had not ended")
    finally:
        await engine.close()


async def _give_back(engine: Engine, workers: list[str]) -> int:
    now = engine.now()
    held = [claim for _, claim, _ in await engine.runs.held_by(workers)]
    released = [
        settle(claim, decode_work(claim.work), _RELEASED, now=now, chance=chance(), worker_id=None) for claim in held
    ]
    await engine.runs.settle(released)
    return len(held)


async def _sync(source: Source, target: Target, pair: Pair) -> TableReport:
    """Let a table be the same on both sides, and tell what is there then."""
    here = there = Tally()
    after: Key | None = None
    low: Key | None = None
    more = True
    while more:
        rows = source.rows(pair.source, after)
        more = len(rows) == RANGE_ROWS
        wanted = pair.convert(rows)
        high = tuple(wanted[-1][: pair.target.key]) if more else None
        expected, found = tally(wanted), tally(await target.rows(pair, low, high))
        if found != expected:
            await target.replace(pair, low, high, wanted)
            found = tally(await target.rows(pair, low, high))
        here, there = here + expected, there + found
        if more:
            after, low = tuple(rows[-1][: pair.source.key]), high
    return TableReport(pair.source.name, here.rows, there.rows, f"{here.checksum:016x}", f"{there.checksum:016x}")
