"""What the model knows: the data behind any number of its engines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from treadle.domain.access import Credential
from treadle.domain.audit import AuditEntry
from treadle.domain.bulk_actions import BulkAction
from treadle.domain.chains import Links
from treadle.domain.events import Event, NewEvent
from treadle.domain.failures import FailureGroup, JobCount
from treadle.domain.instants import Instant
from treadle.domain.json import EMPTY_OBJECT, Json
from treadle.domain.kv import Entry as KvEntry
from treadle.domain.kv import Space
from treadle.domain.logs import StoredLogLine
from treadle.domain.messages import Message
from treadle.domain.queues import QueueControl
from treadle.domain.rates import Rate
from treadle.domain.runs import Attempt, Run, RunKey
from treadle.domain.schedules import Schedule
from treadle.domain.searching import Found
from treadle.domain.selections import Selection
from treadle.domain.states import Row
from treadle.domain.stats import Key, Tally
from treadle.domain.steps import RunStep
from treadle.domain.waits import EventWait
from treadle.domain.workers import WorkerSpec, WorkerState
from treadle.engines.contract import Accepted, Admission, Document, Topic, Trigger
from treadle.engines.definitions import JOB_KIND
from treadle.testing.model.notices import ModelNotices


@dataclass
class Settled:
    """What became of a token: the row that was applied, and whether a cancel stood when it was."""

    row: Row
    cancel_requested: bool


@dataclass
class Entry:
    """A run, live or finished, with what readers are not told of it.

    `run.started_at` is set by the first handler to begin; `events` counts the run's events. `awaited` are the parents
    that it waits for, `named` all that it has had.
    `at_gate`: it is ready, or blocked by nothing but its limits; or it stands `aside` from them.
    """

    run: Run
    seq: int
    events: int = 0
    at_gate: bool = False
    aside: bool = False
    claimed_at: Instant | None = None
    settled: dict[int, Settled] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    awaited: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    steps: list[RunStep] = field(default_factory=list)
    wait: EventWait | None = None
    filed_under: Found = ()


@dataclass
class LaneRow:
    """The limits of a lane."""

    declared: int | None = None
    by_hand: int | None = None


@dataclass
class RateRow:
    """A rate and its state."""

    rate: Rate
    used_until: Instant | None = None


@dataclass
class Member:
    """A worker and its lease."""

    spec: WorkerSpec
    state: WorkerState
    registered_at: Instant
    seen_at: Instant
    lease_until: Instant


@dataclass
class Data:
    """Everything. `live` is in the order of submission, `history` in that of finishing; `ever` has the pruned too.

    `messages` are in the order of submission too; `queues` are all ever used. `holders` are the runs that have a unique
    or a debounced key, with when that expires.
    """

    ever: dict[str, Entry] = field(default_factory=dict)
    live: dict[str, Entry] = field(default_factory=dict)
    history: dict[str, Entry] = field(default_factory=dict)
    keys: dict[tuple[str, str, str], tuple[str, RunKey]] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    consumers: dict[tuple[str, str, str], str] = field(default_factory=dict)
    weights: dict[str, int] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    holders: dict[tuple[str, str, str], tuple[str, Instant]] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    lanes: dict[tuple[str, str], LaneRow] = field(default_factory=dict)
    rates: dict[tuple[str, str], RateRow] = field(default_factory=dict)
    schedules: dict[tuple[str, str], Schedule] = field(default_factory=dict)
    queues: dict[tuple[str, str], QueueControl] = field(default_factory=dict)
    documents: dict[tuple[str, str, str], Document] = field(default_factory=dict)
    versions: list[Document] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    logs: list[StoredLogLine] = field(default_factory=list)
    links: dict[tuple[str, str, str], Links] = field(default_factory=dict)
    kv: dict[Space, dict[str, KvEntry]] = field(default_factory=dict)
    selections: dict[str, tuple[Selection, list[list[str]]]] = field(default_factory=dict)
    bulk_actions: dict[str, BulkAction] = field(default_factory=dict)
    triggers: list[Trigger] = field(default_factory=list)
    credentials: dict[str, Credential] = field(default_factory=dict)
    audit: list[AuditEntry] = field(default_factory=list)
    rolled_up: int = 0
    tallies: dict[Key, Tally] = field(default_factory=dict)
    groups: dict[tuple[str, str], FailureGroup] = field(default_factory=dict)
    job_counts: dict[tuple[str, str], dict[str, JobCount]] = field(default_factory=dict)
    listeners: list[ModelNotices] = field(default_factory=list)
    numbers: int = 0

    def number(self) -> int:
        """A number that was never given out before."""
        self.numbers += 1
        return self.numbers

    def control(self, domain: str, queue: str) -> QueueControl:
        """What a queue was told."""
        return self.queues.get((domain, queue), QueueControl())

    def job_version(self, domain: str, job_id: str) -> int | None:
        """The version at which a job stands; None where there is none."""
        document = self.documents.get((domain, JOB_KIND, job_id))
        return None if document is None else document.version

    def entries(self) -> dict[str, Entry]:
        """Every run by id."""
        return {**self.live, **self.history}

    def named(self, domain: str, key: RunKey, now: Instant) -> Accepted | None:
        """What already has a key."""
        first = self.keys.get((domain, key.scope, key.key))
        if first is None or first[1].expires_at <= now:
            return None
        return Accepted(first[0], Admission.EXISTING if first[1].body_hash == key.body_hash else Admission.KEY_REUSED)

    def tell(self, entry: Entry, event: str, at: Instant, data: Json = EMPTY_OBJECT) -> None:
        """Write the next event of a run."""
        entry.events += 1
        run = entry.run
        new = NewEvent(domain=run.domain, type=event, subject=run.id, job_id=run.job_id, at=at, data=data)
        self.write(new, entry.events)

    def write(self, event: NewEvent, n: int = 0) -> Event:
        """Write an event; `n` numbers those of a run."""
        written = Event(
            seq=self.number(),
            domain=event.domain,
            type=event.type,
            subject=event.subject,
            n=n,
            job_id=event.job_id,
            at=event.at,
            data=event.data,
        )
        self.events.append(written)
        return written

    def wake(self, topics: Iterable[Topic]) -> None:
        """Tell every listener."""
        for listener in self.listeners:
            listener.tell(topics)
