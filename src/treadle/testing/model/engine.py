"""The model engine itself: its stores over one `Data`."""

from __future__ import annotations

from pathlib import Path

from treadle.domain.errors import Unavailable
from treadle.domain.instants import Instant
from treadle.engines.contract import Topic
from treadle.system import Clock
from treadle.testing.model.access import ModelAccess, ModelAudit
from treadle.testing.model.bulk import ModelBulkActions, ModelSelections
from treadle.testing.model.definitions import ModelDocuments, ModelSchedules
from treadle.testing.model.domains import ModelDomains
from treadle.testing.model.inbox import ModelMessages
from treadle.testing.model.keys import ModelKeys
from treadle.testing.model.kv import ModelKv
from treadle.testing.model.lanes import ModelLanes
from treadle.testing.model.letters import ModelDeadLetters
from treadle.testing.model.notices import ModelNotices
from treadle.testing.model.queues import ModelQueues
from treadle.testing.model.records import ModelEvents, ModelLogs
from treadle.testing.model.runs import ModelRuns
from treadle.testing.model.state import Data
from treadle.testing.model.stats import ModelFailures, ModelStats
from treadle.testing.model.steps import ModelSteps
from treadle.testing.model.triggers import ModelTriggers
from treadle.testing.model.workers import ModelWorkers


class ModelEngine:
    """See `contract.Engine`. Engines made with the same `data` are as processes on the same database."""

    name = "model"
    version = "the model"
    capabilities: frozenset[str] = frozenset()
    trips_at_once = 1

    def __init__(self, data: Data, clock: Clock) -> None:
        self._data = data
        self._clock = clock
        self.workers = ModelWorkers(data, clock)
        self.runs = ModelRuns(data, clock, self.workers)
        self.lanes = ModelLanes(data, clock)
        self.schedules = ModelSchedules(data, clock)
        self.queues = ModelQueues(data, clock)
        self.domains = ModelDomains(data, clock)
        self.dead_letters = ModelDeadLetters(data, clock)
        self.selections = ModelSelections(data)
        self.bulk_actions = ModelBulkActions(data, clock)
        self.documents = ModelDocuments(data)
        self.steps = ModelSteps(data, self.workers)
        self.keys = ModelKeys(data, clock)
        self.kv = ModelKv(data, clock, self.workers)
        self.triggers = ModelTriggers(data, clock)
        self.events = ModelEvents(data, clock)
        self.logs = ModelLogs(data)
        self.messages = ModelMessages(data, clock)
        self.access = ModelAccess(data)
        self.audit = ModelAudit(data)
        self.stats = ModelStats(data, clock)
        self.failures = ModelFailures(data)

    def now(self) -> Instant:
        """See `contract.Engine`."""
        return self._clock.wall()

    def listen(self, *topics: Topic) -> ModelNotices:
        """See `contract.Engine`."""
        listener = ModelNotices(topics)
        self._data.listeners.append(listener)
        return listener

    async def ping(self) -> None:
        """See `contract.Engine`."""

    async def schema(self) -> tuple[int, int]:
        """See `contract.Engine`."""
        return 1, 1

    async def closing(self) -> None:
        """See `contract.Engine`: nobody moves away from here."""

    async def backup(self, target: Path) -> None:
        """See `contract.Engine`."""
        raise Unavailable(f"the model keeps nothing that could be copied to {target}")

    async def close(self) -> None:
        """See `contract.Engine`."""
