"""The model's queues."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.json import encode
from treadle.domain.queues import QUEUE_EVENTS, RATE_EVENT, Queue, QueueControl, QueueState, check_rate
from treadle.domain.rates import Rate
from treadle.domain.runs import State
from treadle.engines.contract import Topic
from treadle.system import Clock
from treadle.testing.model.state import Data


class ModelQueues:
    """See `contract.QueueStore`."""

    def __init__(self, data: Data, clock: Clock) -> None:
        self._data = data
        self._clock = clock

    async def find(
        self, domain: str, *, names: Sequence[str] | None = None, after: str = "", limit: int = 200
    ) -> list[Queue]:
        known = sorted(name for owner, name in self._data.queues if owner == domain and name > after)
        return [self._look(domain, name) for name in known if names is None or name in names][:limit]

    async def controls(self, domain: str, names: Sequence[str]) -> dict[str, QueueControl]:
        told = ((name, self._data.control(domain, name)) for name in names)
        return {name: control for name, control in told if control != QueueControl()}

    async def switch(self, domain: str, name: str, state: QueueState, *, now: Instant | None = None) -> bool:
        control = replace(self._data.control(domain, name), state=state)
        return self._change(
            NewEvent(domain=domain, type=QUEUE_EVENTS[state], subject=name, at=self._wall(now)), control
        )

    async def limit(
        self,
        domain: str,
        name: str,
        rate: Rate | None,
        *,
        seen: Rate | UnsetType | None = UNSET,
        now: Instant | None = None,
    ) -> bool:
        standing = self._data.control(domain, name)
        check_rate(name, standing, seen)
        control = replace(standing, rate=rate)
        told = encode({"rate": rate})
        return self._change(
            NewEvent(domain=domain, type=RATE_EVENT, subject=name, at=self._wall(now), data=told), control
        )

    def _change(self, event: NewEvent, control: QueueControl) -> bool:
        name = (event.domain, event.subject)
        if self._data.control(*name) == control:
            return False
        self._data.queues[name] = control
        self._data.write(event)
        self._data.wake([Topic.RUNS, Topic.EVENTS])
        return True

    def _look(self, domain: str, name: str) -> Queue:
        runs = [entry.run for entry in self._data.live.values()]
        its = [run for run in runs if (run.domain, run.queue) == (domain, name)]
        states = [run.state for run in its]
        return Queue(
            domain=domain,
            name=name,
            control=self._data.control(domain, name),
            ready=states.count(State.READY),
            scheduled=states.count(State.SCHEDULED),
            blocked=states.count(State.BLOCKED),
            running=states.count(State.RUNNING),
            oldest_due_at=min((run.due_at for run in its if run.state is State.READY), default=None),
        )

    def _wall(self, now: Instant | None) -> Instant:
        return self._clock.wall() if now is None else now
