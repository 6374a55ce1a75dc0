"""Runs that wait for an event: how a wait begins, and what ends it. The caller holds the write transaction."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

import apsw
import msgspec

from treadle.domain import json
from treadle.domain.instants import Instant
from treadle.domain.json import Json
from treadle.domain.steps import StepKind
from treadle.domain.waits import FAMILY, EventWait, data_keys, match_key, matches
from treadle.engines.sqlite.admission import advance
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.queries import load

_SQL: Final = load("steps")
_NOTHING: Final = b"null"

MOST_RUNS: Final = 500
MOST_BYTES: Final = 4 * 1024 * 1024
"""What one transaction writes to wake runs: each gets a copy of the event's data."""


def encode_wait(wait: EventWait) -> dict[str, Any]:
    """A wait as the statement `begin` reads it."""
    return {
        "type": FAMILY + wait.event,
        "key": match_key(json.decode(wait.match)),
        "after": wait.after,
        "step": wait.step,
        "match": msgspec.Raw(wait.match),
        "timeout_at": wait.timeout_at,
    }


def begin_waits(connection: apsw.Connection, now: Instant) -> None:
    """Let the runs that are being settled wait, or go on at once where an event has come since they looked."""
    for run, match in fetch(connection, _SQL["begin"]):
        wanted = json.decode(match)
        missed = fetch(connection, _SQL["candidates"], (run,))
        answers = ((seq, data) for seq, data in missed if matches(wanted, json.decode(data)))
        for seq, data in islice(answers, 1):
            _go_on(connection, [run], StepKind.EVENT, now, event=seq, result=data)


def end_waits(connection: apsw.Connection, runs: str) -> None:
    """Forget what runs, a JSON list of their numbers, were waiting for."""
    connection.execute(_SQL["end"], (runs,))


def publish(connection: apsw.Connection, event: int, now: Instant) -> tuple[int, bool]:
    """Wake those who wait for an event that was stored in this transaction; see `deliver`."""
    connection.execute(_SQL["put_delivery"], (event,))
    return deliver(connection, now)


def deliver(connection: apsw.Connection, now: Instant) -> tuple[int, bool]:
    """Go on with the oldest event that is on its way; how many runs were woken, and whether there is more to do."""
    for seq, domain, type_, data in fetch(connection, _SQL["next_delivery"]):
        content = json.decode(data)
        most = max(1, min(MOST_RUNS, MOST_BYTES // len(data)))
        rows = fetch(connection, _SQL["waiters"], (domain, type_, json_list(data_keys(content)), seq, most))
        answered = [run for run, match in rows if matches(json.decode(match), content)]
        connection.execute(_SQL["look_past"], (json_list([run for run, _ in rows]), seq))
        _go_on(connection, answered, StepKind.EVENT, now, event=seq, result=data)
        if len(rows) < most:
            connection.execute(_SQL["end_deliveries"], (seq,))
        return len(answered), bool(fetch(connection, _SQL["next_delivery"]))
    return 0, False


def time_out(connection: apsw.Connection, now: Instant, limit: int) -> None:
    """Let up to `limit` runs go on whose event has not come in time. One that is on its way counts as come."""
    _, more = deliver(connection, now)
    if not more:
        runs = [run for (run,) in fetch(connection, _SQL["timed_out"], (now, limit))]
        _go_on(connection, runs, StepKind.TIMEOUT, now, event=None, result=_NOTHING)


def _go_on(
    connection: apsw.Connection, runs: Sequence[int], kind: StepKind, now: Instant, *, event: int | None, result: Json
) -> None:
    """Record what ended the waits of runs, and let them go on."""
    if not runs:
        return
    listed = json_list(runs)
    connection.execute(_SQL["answer"], (listed, kind, now, event, result))
    connection.execute(_SQL["mark"], (listed,))
    end_waits(connection, listed)
    advance(connection, runs, now)
