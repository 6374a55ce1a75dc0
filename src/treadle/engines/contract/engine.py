"""An engine: its stores, and what it can do beside."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from treadle.domain.instants import Instant
from treadle.domain.moving import Closing
from treadle.engines.contract.access import AccessStore
from treadle.engines.contract.audit import AuditStore
from treadle.engines.contract.bulk import BulkActionStore, SelectionStore
from treadle.engines.contract.documents import DocumentStore
from treadle.engines.contract.domains import DomainStore
from treadle.engines.contract.events import EventStore
from treadle.engines.contract.failures import FailureStore
from treadle.engines.contract.keys import KeyStore
from treadle.engines.contract.kv import KvStore
from treadle.engines.contract.lanes import LaneStore
from treadle.engines.contract.letters import DeadLetterStore
from treadle.engines.contract.logs import LogStore
from treadle.engines.contract.messages import MessageStore
from treadle.engines.contract.notices import Notices, Topic
from treadle.engines.contract.queues import QueueStore
from treadle.engines.contract.runs import RunStore
from treadle.engines.contract.schedules import ScheduleStore
from treadle.engines.contract.stats import StatStore
from treadle.engines.contract.steps import StepStore
from treadle.engines.contract.triggers import TriggerStore
from treadle.engines.contract.workers import WorkerStore


class Engine(Protocol):
    """An open engine. `capabilities` names what not every engine has, for tests and for clear refusals."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str:
        """What stands behind it, with its version, for people: `SQLite 3.54.0`."""
        ...

    @property
    def capabilities(self) -> frozenset[str]: ...
    @property
    def trips_at_once(self) -> int:
        """How many trips of one worker it makes at once to advantage."""
        ...

    @property
    def runs(self) -> RunStore: ...
    @property
    def workers(self) -> WorkerStore: ...
    @property
    def lanes(self) -> LaneStore: ...
    @property
    def schedules(self) -> ScheduleStore: ...
    @property
    def queues(self) -> QueueStore: ...
    @property
    def domains(self) -> DomainStore: ...
    @property
    def dead_letters(self) -> DeadLetterStore: ...
    @property
    def selections(self) -> SelectionStore: ...
    @property
    def bulk_actions(self) -> BulkActionStore: ...
    @property
    def documents(self) -> DocumentStore: ...
    @property
    def steps(self) -> StepStore: ...
    @property
    def keys(self) -> KeyStore: ...
    @property
    def kv(self) -> KvStore: ...
    @property
    def triggers(self) -> TriggerStore: ...
    @property
    def events(self) -> EventStore: ...
    @property
    def logs(self) -> LogStore: ...
    @property
    def messages(self) -> MessageStore: ...
    @property
    def access(self) -> AccessStore: ...
    @property
    def audit(self) -> AuditStore: ...
    @property
    def stats(self) -> StatStore: ...
    @property
    def failures(self) -> FailureStore: ...

    def now(self) -> Instant:
        """The engine's wall clock."""
        ...

    def listen(self, *topics: Topic) -> Notices:
        """Be told of these topics from now on."""
        ...

    async def ping(self) -> None:
        """Raises Unavailable where the engine cannot take writes now."""
        ...

    async def schema(self) -> tuple[int, int]:
        """The version of the schema that is there, and of the one that this release makes. Raises Unavailable."""
        ...

    async def closing(self) -> Closing | None:
        """Where to and until when nothing is claimed, as the installation moves away; else None. Raises Unavailable."""
        ...

    async def backup(self, target: Path) -> None:
        """A consistent copy of everything, taken while work goes on. Needs the capability `backup`."""
        ...

    async def close(self) -> None:
        """Finish what was accepted and let go of everything."""
        ...
