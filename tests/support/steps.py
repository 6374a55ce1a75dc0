"""Steps without an engine: a keeper in memory, whose runs can be taken away."""

from __future__ import annotations

from dataclasses import dataclass, field

from treadle.authoring.calling import MemoryValues
from treadle.authoring.keeping import Changed
from treadle.authoring.steps import Steps
from treadle.domain import json
from treadle.domain.events import Event, NewEvent
from treadle.domain.kv import Change, Scope
from treadle.domain.priority import Priority
from treadle.domain.runs import Claim
from treadle.domain.steps import RunStep
from treadle.domain.waits import FAMILY, EventWait, matches
from treadle.system import Clock


@dataclass
class MemoryKeeper(MemoryValues):
    """See `Keeper`."""

    steps: list[RunStep] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    published: dict[str, NewEvent] = field(default_factory=dict)
    taken_away: bool = False

    async def change(self, claim: Claim, scope: Scope, change: Change) -> Changed:
        return Changed(held=False) if self.taken_away else await super().change(claim, scope, change)

    async def record(self, claim: Claim, step: RunStep) -> bool:
        if not self.taken_away:
            self.steps.append(step)
        return not self.taken_away

    async def find_event(self, claim: Claim, wait: EventWait, answered: frozenset[int]) -> tuple[Event | None, int]:
        wanted = json.decode(wait.match)
        for event in self.events:
            found = event.type == FAMILY + wait.event and matches(wanted, json.decode(event.data))
            if found and event.seq not in answered:
                return event, event.seq
        return None, len(self.events)

    async def publish(self, event: NewEvent, key: str) -> None:
        self.published.setdefault(key, event)

    def execution(self, clock: Clock) -> Steps:
        """The steps as the next execution of the handler sees them."""
        return Steps(claim(tuple(self.steps)), self, clock)


def claim(steps: tuple[RunStep, ...] = ()) -> Claim:
    """A claim of a run that has recorded steps."""
    return Claim(
        id="run_1",
        domain="default",
        job_id="order",
        queue="default",
        requires="handler:order",
        priority=Priority.NORMAL,
        token=3,
        attempt=1,
        failures=0,
        losses=0,
        solo_losses=0,
        suspect=False,
        due_at=0,
        created_at=0,
        claimed_at=0,
        work=b"",
        inputs=b"{}",
        steps=steps,
    )
