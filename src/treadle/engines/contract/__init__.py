"""What an engine must offer: small stores with batch verbs.

Every verb is atomic for the whole of its batch or per item, as it says; what is answered is on disk. Time for due dates
and ranks is wall time in UTC, time for leases is the engine's own monotonic clock; `now` overrides both and is what
tests pass. Policy is not here: states, ranks, delays and outcomes are computed in `domain` and arrive as parameters.

Errors: `Unavailable` (and `StorageFull`) where nothing was changed and the call may be repeated; `LeaseLost` where a
worker's lease has ended; `Moved` where the installation is elsewhere now. Nothing else is raised but for faults of
Treadle itself.
"""

from __future__ import annotations

from treadle.engines.contract.access import AccessStore
from treadle.engines.contract.audit import AuditQuery, AuditStore
from treadle.engines.contract.bulk import BulkActionStore, SelectionStore
from treadle.engines.contract.documents import Document, DocumentStore, Naming, Save
from treadle.engines.contract.domains import DomainStore
from treadle.engines.contract.engine import Engine
from treadle.engines.contract.events import EventStore, Published
from treadle.engines.contract.failures import FailureStore, GroupQuery
from treadle.engines.contract.keys import KeyStore, Named
from treadle.engines.contract.kv import KvStore
from treadle.engines.contract.lanes import LaneStore
from treadle.engines.contract.letters import DeadLetterStore
from treadle.engines.contract.logs import LogStore
from treadle.engines.contract.messages import Consumer, MessageQuery, MessageStore, Received
from treadle.engines.contract.notices import Notices, Topic
from treadle.engines.contract.queues import QueueStore
from treadle.engines.contract.runs import REFUSALS, Accepted, Admission, RunQuery, RunStore, Step
from treadle.engines.contract.schedules import Firing, ScheduleStore
from treadle.engines.contract.stats import StatStore
from treadle.engines.contract.steps import StepStore
from treadle.engines.contract.triggers import Trigger, TriggerStore
from treadle.engines.contract.workers import Renewal, WorkerStore

__all__ = [
    "Accepted",
    "AccessStore",
    "Admission",
    "AuditQuery",
    "AuditStore",
    "BulkActionStore",
    "Consumer",
    "DeadLetterStore",
    "Document",
    "DocumentStore",
    "DomainStore",
    "Engine",
    "EventStore",
    "FailureStore",
    "Firing",
    "GroupQuery",
    "KeyStore",
    "KvStore",
    "LaneStore",
    "LogStore",
    "MessageQuery",
    "MessageStore",
    "Named",
    "Naming",
    "Notices",
    "Published",
    "QueueStore",
    "REFUSALS",
    "Received",
    "Renewal",
    "RunQuery",
    "RunStore",
    "Save",
    "ScheduleStore",
    "StatStore",
    "SelectionStore",
    "Step",
    "StepStore",
    "Topic",
    "Trigger",
    "TriggerStore",
    "WorkerStore",
]
