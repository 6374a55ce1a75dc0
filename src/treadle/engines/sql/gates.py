"""Gates: the lanes and rates before which runs wait, as rows. What they let pass is decided under locks on these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence

from treadle.domain.instants import Instant
from treadle.domain.limits import Limits, free_tokens, next_token
from treadle.domain.rates import Rate, consume
from treadle.engines.sql.numbers import gate_id, is_rate
from treadle.engines.sql.records import to_limits
from treadle.engines.sql.transaction import Row, Transaction


async def declare(tx: Transaction, domain: str, limits: Limits, *, over: Callable[[str], bool]) -> set[int]:
    """Put down limits as jobs declare them, `over` those that stand where it says so of their name.

    Answers the gates whose limit is new.
    """
    changed: list[Row] = []
    for lane in sorted(limits.lanes, key=lambda lane: gate_id("lane", domain, lane.key)):
        statement = "admission.put_lane" if over(lane.key) else "admission.add_lane"
        changed += await tx.call(statement, gate_id("lane", domain, lane.key), domain, lane.key, lane.limit)
    for limit in sorted(limits.rates, key=lambda limit: gate_id("rate", domain, limit.key)):
        gate, rate = gate_id("rate", domain, limit.key), limit.rate
        statement = "admission.put_rate" if over(limit.key) else "admission.add_rate"
        changed += await tx.call(statement, gate, domain, limit.key, rate.runs, rate.window)
    return {gate for (gate,) in changed}


async def recall(tx: Transaction, gates: Collection[int], runs: Sequence[int]) -> None:
    """Lock gates, and put down anew the limits of those that were forgotten while idle, as runs carry them."""
    await lock_gates(tx, gates)
    if await tx.call("admission.forgotten", list(gates)):
        for domain, limits in await tx.call("admission.limits", list(runs)):
            await declare(tx, domain, to_limits(limits), over=lambda _key: False)


async def lock_gates(tx: Transaction, gates: Collection[int]) -> None:
    """Let nobody else decide about gates until the transaction ends. A statement of its own: those after it see what
    others have decided before."""
    new = [gate for gate in gates if gate not in tx.locked]
    if new:
        if lanes := [gate for gate in new if not is_rate(gate)]:
            await tx.lock("admission.lock_lanes", lanes)
        if rates := [gate for gate in new if is_rate(gate)]:
            await tx.lock("admission.lock_rates", rates)
        tx.locked.update(new)


async def free_slots(tx: Transaction, gates: Collection[int], now: Instant) -> dict[int, int]:
    """How many more runs each gate lets pass now; below nought where a limit was lowered."""
    await lock_gates(tx, gates)
    free: dict[int, int] = dict(await tx.call("admission.lanes", list(gates)))  # type: ignore[arg-type]
    if rates := [gate for gate in gates if is_rate(gate)]:
        for gate, runs, span, used_until, reserved in await tx.call("admission.rates", rates):
            free[gate] = free_tokens(Rate(runs, span), used_until, reserved, now)
    return free


async def set_alarms(tx: Transaction, gates: Collection[int], now: Instant) -> None:
    """Note of each rate when the first of those that wait for it may have a token."""
    if rates := [gate for gate in gates if is_rate(gate)]:
        await lock_gates(tx, rates)
        alarms = [
            (gate, next_token(Rate(runs, span), used_until, reserved, now))
            for gate, runs, span, used_until, reserved in await tx.call("admission.rates", rates)
        ]
        await tx.feed("admission.next_tokens", alarms)


async def use_tokens(tx: Transaction, claimed: Iterable[Row], now: Instant) -> None:
    """Runs that were claimed, as ranks and numbers with their gates, use up the tokens that were theirs."""
    tokens = [(gate, rank, seq) for rank, seq, gates in claimed for gate in gates if is_rate(gate)]
    if not tokens:
        return
    await lock_gates(tx, {gate for gate, _, _ in tokens})
    used = Counter(gate for (gate,) in await tx.feed("admission.consume", tokens))
    for gate, runs, span, used_until, _ in await tx.call("admission.rates", list(used)):
        await tx.call("admission.use_rate", gate, consume(Rate(runs, span), used_until, now, used[gate]))


async def due_rates(tx: Transaction, now: Instant) -> list[int]:
    """The rates for whose tokens somebody waits, where the next one is due."""
    return [gate for (gate,) in await tx.call("admission.due_rates", now)]
