"""Gates: the lanes and rates before which runs wait, as rows."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

import apsw
import msgspec

from treadle.domain.instants import Instant
from treadle.domain.limits import Limits, free_tokens, next_token
from treadle.domain.rates import Rate, consume
from treadle.engines.lines import gate_id, is_rate
from treadle.engines.records import to_limits
from treadle.engines.sqlite.connection import fetch, json_list
from treadle.engines.sqlite.queries import load

_SQL: Final = load("admission")
_counts: Final = msgspec.json.Decoder(list[tuple[int, int]])


def declare(connection: apsw.Connection, domain: str, limits: Limits, *, over: Callable[[str], bool]) -> set[int]:
    """Put down limits as jobs declare them, `over` those that stand where it says so of their name.

    Answers the gates whose limit is new.
    """
    changed = []
    for lane in limits.lanes:
        row: tuple[object, ...] = (gate_id("lane", domain, lane.key), domain, lane.key, lane.limit)
        changed += fetch(connection, _SQL["put_lane" if over(lane.key) else "add_lane"], row)
    for limit in limits.rates:
        row = (gate_id("rate", domain, limit.key), domain, limit.key, limit.rate.runs, limit.rate.window)
        changed += fetch(connection, _SQL["put_rate" if over(limit.key) else "add_rate"], row)
    return {gate for (gate,) in changed}


def recall(connection: apsw.Connection, gates: Collection[int], runs: str) -> None:
    """Put down anew the limits of gates that were forgotten while idle, as runs, a JSON list of numbers, carry them."""
    if fetch(connection, _SQL["forgotten"], (json_list(list(gates)),)):
        for domain, limits in fetch(connection, _SQL["limits"], (runs,)):
            declare(connection, domain, to_limits(limits), over=lambda _key: False)


def free_slots(connection: apsw.Connection, gates: Collection[int], now: Instant) -> dict[int, int]:
    """How many more runs each gate lets pass now; below nought where a limit was lowered."""
    ((lanes,),) = fetch(connection, _SQL["lanes"], (json_list(list(gates)),))
    free = dict(_counts.decode(lanes))
    if rates := [gate for gate in gates if is_rate(gate)]:
        for gate, runs, window, used_until, reserved in fetch(connection, _SQL["rates"], (json_list(rates),)):
            free[gate] = free_tokens(Rate(runs, window), used_until, reserved, now)
    return free


def set_alarms(connection: apsw.Connection, gates: Collection[int], now: Instant) -> None:
    """Note of each rate when the first of those that wait for it may have a token."""
    if rates := [gate for gate in gates if is_rate(gate)]:
        found = fetch(connection, _SQL["rates"], (json_list(rates),))
        alarms = [
            (gate, next_token(Rate(runs, window), used_until, reserved, now))
            for gate, runs, window, used_until, reserved in found
        ]
        connection.execute(_SQL["next_tokens"], (json_list(alarms),))


def use_tokens(connection: apsw.Connection, claimed: str, now: Instant) -> None:
    """Runs that were claimed, as a JSON list, use up the tokens that were theirs."""
    for (gate,) in fetch(connection, _SQL["consume"], (claimed,)):
        ((runs, window, used_until),) = fetch(connection, _SQL["rate"], (gate,))
        connection.execute(_SQL["use_rate"], (gate, consume(Rate(runs, window), used_until, now)))


def has_rates(connection: apsw.Connection) -> bool:
    """Whether any rate stands."""
    return bool(fetch(connection, _SQL["has_rates"])[0][0])


def due_rates(connection: apsw.Connection, now: Instant) -> list[int]:
    """The rates for whose tokens somebody waits, where the next one is due."""
    return [gate for (gate,) in fetch(connection, _SQL["due_rates"], (now,))]
