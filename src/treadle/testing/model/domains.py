"""The model's domains."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.json import encode
from treadle.domain.runs import State
from treadle.domain.sharing import DEFAULT_WEIGHT, WEIGHT_EVENT, Domain
from treadle.engines.contract import Topic
from treadle.system import Clock
from treadle.testing.model.state import Data


class ModelDomains:
    """See `contract.DomainStore`."""

    def __init__(self, data: Data, clock: Clock) -> None:
        self._data = data
        self._clock = clock

    async def find(self, *, names: Sequence[str] | None = None, after: str = "", limit: int = 200) -> list[Domain]:
        used = {domain for domain, _ in self._data.queues}
        known = sorted(name for name in used | set(self._data.weights) if name > after)
        return [self._look(name) for name in known if names is None or name in names][:limit]

    async def weigh(self, name: str, weight: int, *, now: Instant | None = None) -> bool:
        if self._data.weights.get(name, DEFAULT_WEIGHT) == weight:
            return False
        self._data.weights[name] = weight
        at = self._clock.wall() if now is None else now
        self._data.write(NewEvent(domain=name, type=WEIGHT_EVENT, subject=name, at=at, data=encode({"weight": weight})))
        self._data.wake([Topic.EVENTS])
        return True

    def _look(self, name: str) -> Domain:
        states = [entry.run.state for entry in self._data.live.values() if entry.run.domain == name]
        return Domain(
            name=name,
            weight=self._data.weights.get(name, DEFAULT_WEIGHT),
            running=states.count(State.RUNNING),
            waiting=State.READY in states,
        )
