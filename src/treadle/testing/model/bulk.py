"""The model's selections, and what is done to them."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

from msgspec import structs

from treadle.domain.bulk_actions import BulkAction, BulkStep, Tally, WhyLeft, cancel_refusals, finished_event
from treadle.domain.instants import Instant
from treadle.domain.runs import RunKey
from treadle.domain.selections import Selection
from treadle.engines.contract import Accepted, Admission, Topic
from treadle.engines.refusals import retry_refusals
from treadle.system import Clock
from treadle.testing.model.dependencies import resolve
from treadle.testing.model.ending import cancel
from treadle.testing.model.enqueuing import enqueue
from treadle.testing.model.letters import discard
from treadle.testing.model.state import Data


class ModelSelections:
    """See `contract.SelectionStore`."""

    def __init__(self, data: Data) -> None:
        self._data = data

    async def freeze(
        self, selection: Selection, parts: Sequence[Sequence[str]], *, key: RunKey | None = None
    ) -> Accepted:
        standing = _take_key(self._data, selection.domain, key, selection.id, selection.created_at)
        if standing is None:
            self._data.selections[selection.id] = selection, [list(part) for part in parts]
        return standing or Accepted(selection.id, Admission.CREATED)

    async def get(self, domain: str, selection_id: str) -> Selection | None:
        found, _ = self._data.selections.get(selection_id, (None, []))
        return found if found is not None and found.domain == domain else None

    async def part(self, selection_id: str, number: int) -> list[str]:
        _, parts = self._data.selections.get(selection_id, (None, []))
        return parts[number] if number < len(parts) else []

    async def prune(self, before: Instant, limit: int) -> int:
        held = {action.selection_id for action in self._data.bulk_actions.values() if action.finished_at is None}
        removed = 0
        for selection, parts in list(self._data.selections.values()):
            if selection.expires_at >= before or selection.id in held:
                continue
            while parts and removed < limit:
                parts.pop()
                removed += 1
            if not parts and removed < limit:
                del self._data.selections[selection.id]
                removed += 1
        return removed


class ModelBulkActions:
    """See `contract.BulkActionStore`."""

    def __init__(self, data: Data, clock: Clock) -> None:
        self._data = data
        self._clock = clock

    async def begin(self, action: BulkAction, *, key: RunKey | None = None) -> Accepted:
        standing = _take_key(self._data, action.domain, key, action.id, action.created_at)
        if standing is None:
            self._data.bulk_actions[action.id] = action
            self._data.wake([Topic.BULK_ACTIONS])
        return standing or Accepted(action.id, Admission.CREATED)

    async def get(self, domain: str, action_id: str) -> BulkAction | None:
        action = self._data.bulk_actions.get(action_id)
        return action if action is not None and action.domain == domain else None

    async def find(self, domain: str, *, before: str | None = None, limit: int = 50) -> list[BulkAction]:
        found = [action for action in self._data.bulk_actions.values() if action.domain == domain]
        older = [action for action in found if before is None or action.id < before]
        return sorted(older, key=lambda action: action.id, reverse=True)[:limit]

    async def unfinished(self, limit: int) -> list[BulkAction]:
        found = [action for action in self._data.bulk_actions.values() if action.finished_at is None]
        return sorted(found, key=lambda action: action.id)[:limit]

    async def advance(self, step: BulkStep, *, now: Instant | None = None) -> bool:
        standing = self._data.bulk_actions[step.action.id]
        if standing.finished_at is not None or standing.position != step.action.position:
            return False
        wall = self._clock.wall() if now is None else now
        told = standing.tally + _do(self._data, step, wall)
        moved = structs.replace(standing, tally=told, position=standing.position + 1)
        if standing.is_last:
            moved = structs.replace(moved, finished_at=wall)
            self._data.write(finished_event(standing, told, wall))
        self._data.bulk_actions[standing.id] = moved
        self._data.wake([Topic.RUNS, Topic.CANCELS, Topic.EVENTS])
        return True

    async def foresee(self, step: BulkStep, *, now: Instant | None = None) -> Tally:
        wall = self._clock.wall() if now is None else now
        return _do(deepcopy(replace(self._data, listeners=[])), step, wall)

    async def prune(self, before: Instant, limit: int) -> int:
        ended = [(action.finished_at, action.id) for action in self._data.bulk_actions.values()]
        old = [action_id for at, action_id in ended if at is not None and at < before][:limit]
        for action_id in old:
            del self._data.bulk_actions[action_id]
        return len(old)


def _do(data: Data, step: BulkStep, now: Instant) -> Tally:
    action = step.action
    refused = retry_refusals(step.retries, enqueue(data, step.retries, now))
    entries = data.entries()
    cancelled = [
        entries[each] for each in step.cancels if each in entries and entries[each].run.domain == action.domain
    ]
    for entry in cancelled:
        cancel(data, entry, now)
    refused += cancel_refusals(step, {entry.run.id: entry.run.state for entry in cancelled})
    discarded = discard(data, action.domain, step.discards, by=action.by, why=action.why, now=now)
    refused += [(run_id, WhyLeft.LETTER_RESOLVED) for run_id in step.discards if run_id not in discarded]
    resolve(data, now)
    return step.told(refused)


def _take_key(data: Data, domain: str, key: RunKey | None, names: str, now: Instant) -> Accepted | None:
    """What already has a key; None where there is none, or from now on it names something new."""
    if key is None:
        return None
    if (standing := data.named(domain, key, now)) is not None:
        return standing
    data.keys[domain, key.scope, key.key] = names, key
    return None
