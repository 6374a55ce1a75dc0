"""The model's jobs that hang on other jobs."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.domain.chains import link_problems
from treadle.domain.errors import Conflict, InvalidInput
from treadle.domain.instants import Instant
from treadle.domain.runs import NewRun
from treadle.engines.contract import Save, Topic, Trigger
from treadle.system import Clock
from treadle.testing.model.dependencies import resolve
from treadle.testing.model.enqueuing import enqueue
from treadle.testing.model.state import Data


def put_links(data: Data, save: Save) -> None:
    """Write down what a definition names."""
    others = {
        name[2]: (*links.dependencies, *links.after)
        for name, links in data.links.items()
        if name[:2] == (save.domain, save.kind) and name[2] != save.id
    }
    known = [name[2] for name in data.documents if name[:2] == (save.domain, save.kind)]
    if problems := link_problems(save.id, save.links, others, known):
        raise InvalidInput(problems)
    data.links[save.domain, save.kind, save.id] = save.links


def delete_links(data: Data, name: tuple[str, str, str]) -> None:
    """Forget what a definition names, unless another one names it."""
    for other, links in data.links.items():
        if other[:2] == name[:2] and name[2] in (*links.dependencies, *links.after):
            raise Conflict(f"{other[2]} names {name[2]}")
    data.links.pop(name, None)


class ModelTriggers:
    """See `contract.TriggerStore`."""

    def __init__(self, data: Data, clock: Clock) -> None:
        self._data = data
        self._clock = clock

    async def waiting(self, limit: int) -> list[Trigger]:
        return self._data.triggers[:limit]

    async def pull(self, seqs: Sequence[int], runs: Sequence[NewRun] = (), *, now: Instant | None = None) -> bool:
        moment = self._clock.wall() if now is None else now
        if not set(seqs) <= {each.seq for each in self._data.triggers}:
            return False
        self._data.triggers = [each for each in self._data.triggers if each.seq not in seqs]
        enqueue(self._data, runs, moment)
        resolve(self._data, moment)
        self._data.wake([Topic.RUNS, Topic.EVENTS])
        return True
