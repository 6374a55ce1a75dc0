"""What the engine says in the end, beside what clients and handlers say."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.chaos.soak.clients import Clients
from treadle.domain.events import Event
from treadle.domain.instants import SECOND, Instant
from treadle.domain.runs import DEFAULT_DOMAIN, LIVE, Run
from treadle.domain.triggers import Interval, fires
from treadle.engines.contract import Engine, RunQuery, Topic
from treadle.testing.history import History, read

_PAGE: Final = 5_000
_SKEW: Final = SECOND // 2
"""A process takes the server's clock as told to a quarter of a second: see `engines/postgres/clock.py`."""

_OVERTAKING: Final = 500
"""How many runs may go before an earlier one: what several workers take at once, and what clients sent at once."""


async def all_at_rest(engine: Engine) -> None:
    """Returns once no run is live."""
    notices = engine.listen(Topic.EVENTS)
    while any(count for state, count in (await engine.runs.counts(DEFAULT_DOMAIN)).items() if state in LIVE):
        await notices.wait(0.5)
    await notices.close()


async def gather(engine: Engine, clients: Clients, ledger: Path, limits: dict[str, int]) -> History:
    """The whole history, once nothing moves any more."""
    events = await _events(engine)
    return History(
        submitted=clients.submitted,
        events=events,
        runs=await _runs(engine),
        cancelled=clients.cancelled,
        ledger=read(ledger),
        followed=clients.followed,
        limits=limits,
        slots=await _slots(engine),
        overtaking=_OVERTAKING,
        skew=0 if engine.name == "sqlite" else _SKEW,
    )


async def _events(engine: Engine) -> list[Event]:
    events: list[Event] = []
    while page := await engine.events.read(DEFAULT_DOMAIN, after=events[-1].seq if events else 0, limit=_PAGE):
        events += page
    return events


async def _runs(engine: Engine) -> list[Run]:
    runs: list[Run] = []
    before: str | None = None
    while page := await engine.runs.find(RunQuery(domain=DEFAULT_DOMAIN, limit=_PAGE, before=before)):
        runs += page
        before = page[-1].id
    return runs


async def _slots(engine: Engine) -> dict[str, list[Instant]]:
    """The slots that each schedule has had."""
    return {
        schedule.id: list(fires(schedule.trigger, schedule.trigger.anchor, schedule.last_slot))
        for schedule in await engine.schedules.find(DEFAULT_DOMAIN)
        if isinstance(schedule.trigger, Interval) and schedule.last_slot is not None
    }
