"""What an engine must offer: small stores with batch verbs.

Every verb is atomic for the whole of its batch or per item, as it says; what is answered is on disk. Time for due dates
and ranks is wall time in UTC, time for leases is the engine's own monotonic clock; `now` overrides both and is what
tests pass. Policy is not here: states, ranks, delays and outcomes are computed in `domain` and arrive as parameters.

Errors: `Unavailable` (and `StorageFull`) where nothing was changed and the call may be repeated; `LeaseLost` where a
worker's lease has ended. Nothing else is raised but for faults of Treadle itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from msgspec import Struct

from treadle.domain.access import Credential, CredentialKind
from treadle.domain.audit import AuditEntry
from treadle.domain.chains import Links
from treadle.domain.dependencies import Parent
from treadle.domain.events import Event, NewEvent
from treadle.domain.instants import Instant, Micros
from treadle.domain.json import Json
from treadle.domain.kv import Change, Entry, Fence, Scope, Space
from treadle.domain.limits import LaneUse, Limits, RateUse
from treadle.domain.logs import LogLine, StoredLogLine
from treadle.domain.messages import Intake, Message, MessageState, NewMessage
from treadle.domain.overlap import Overlap
from treadle.domain.queues import Queue, QueueControl, QueueState
from treadle.domain.rates import Rate
from treadle.domain.runs import Attempt, Claim, NewRun, Run, RunKey, State
from treadle.domain.schedules import Schedule
from treadle.domain.sharing import Domain
from treadle.domain.states import Transition
from treadle.domain.steps import RunStep
from treadle.domain.waits import EventWait
from treadle.domain.workers import Worker, WorkerSpec, WorkerState


class Admission(StrEnum):
    """What became of a submitted run.

    Of the runs that are not new, the one that stands has the same idempotency key (`existing`, or `key_reused` where it
    came with another request), has the same unique key, or has waited for this submit to go into it.
    """

    CREATED = "created"
    EXISTING = "existing"
    KEY_REUSED = "key_reused"
    QUEUE_DRAINING = "queue_draining"
    LETTER_RESOLVED = "letter_resolved"
    PARENT_MISSING = "parent_missing"
    DUPLICATE = "duplicate"
    DEBOUNCED = "debounced"


REFUSALS: Final = frozenset(
    {Admission.KEY_REUSED, Admission.QUEUE_DRAINING, Admission.PARENT_MISSING, Admission.LETTER_RESOLVED}
)
"""Of a run that was answered so, nothing was stored."""


class Accepted(Struct, frozen=True):
    """The answer to one submitted run. `run_id` is the run that stands: the new one, or the one that was there.

    `at` is the place among its parents of the one that is missing.
    """

    run_id: str
    admission: Admission
    at: int | None = None


class Step(Struct, frozen=True):
    """What one trip brought: the fences refused, the runs claimed, and what the worker should know.

    `cancels` are runs this worker holds whose cancel was accepted. `next_due` is when to ask again:
    where fewer were claimed than wanted, no run that the worker may take becomes due before it, nor does the rate of
    its queue let one go. `solo_waiting` says, also to one that wants nothing, that a suspect waits for this worker to
    hold nothing else.
    """

    refused: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    cancels: tuple[str, ...] = ()
    next_due: Instant | None = None
    solo_waiting: bool = False


class RunStore(Protocol):
    """Live runs: submit, claim, settle."""

    async def enqueue(
        self, runs: Sequence[NewRun], *, together: bool = False, now: Instant | None = None
    ) -> list[Accepted]:
        """Store runs, their events and keys in one transaction. A key that exists names its first run instead.

        Each run stands for itself; `together`, none is stored where one is refused.

        A run for a queue that drains is refused, and its key not taken. One with a unique key is decided upon by
        `domain.clashes.find_clash`; one that is debounced goes into the run with its key that waits and was never
        claimed, which then is as the new one, but for its id and creation. A retry by hand resolves the dead letter
        that it does again; where it was to be one and is none any more, a run `for_letter` is refused likewise.

        A run that names a parent which is neither known in its domain nor before it in the batch is not stored. One
        whose parents have not let it go is blocked until they do: whatever ends a run tells its children in the same
        transaction, up to a bound beyond which `resolve` tells the rest.
        """
        ...

    async def enqueue_within(
        self, connection: object, runs: Sequence[NewRun], *, together: bool = False, now: Instant | None = None
    ) -> list[Accepted]:
        """`enqueue` within the transaction that a caller has on a connection: what it stores, that one commits.

        Needs the capability `transactions`. Runs with limits come to their gates after the commit. Raises InvalidInput
        for a connection that is in no transaction, of another database, or of a library that is not known. What the
        caller's library raises is raised as it is.
        """
        ...

    async def step(self, worker_id: str, done: Sequence[Transition], want: int, *, now: Instant | None = None) -> Step:
        """Settle a batch and claim up to `want` runs, in one trip.

        A transition whose token no longer holds is refused, the others stand; one that was applied before (the same
        outcome under the same token) is neither applied again nor refused. Raises LeaseLost where the worker's lease
        has ended, or that of a worker in `done`: nothing is settled or claimed.
        """
        ...

    async def settle(self, done: Sequence[Transition], *, now: Instant | None = None) -> tuple[str, ...]:
        """Settle without claiming; answers the refused ids. For the sweeper (`worker_id` None) and the edges."""
        ...

    async def held_by(self, worker_ids: Sequence[str]) -> list[tuple[str, Claim, Instant | None]]:
        """The running runs of workers, as (worker id, claim without its steps, moment of the accepted cancel)."""
        ...

    async def cancel(self, domain: str, run_ids: Sequence[str], *, now: Instant | None = None) -> dict[str, State]:
        """Accept cancels. A waiting run is cancelled at once; a running one is marked, and its worker told.

        Answers each known run's state after the call; a finished run's is left as it was; unknown ids are left out.
        """
        ...

    async def resolve(self, *, now: Instant | None = None) -> bool:
        """Go on with telling children how their parents ended, as every step does; answers whether some are left."""
        ...

    async def parents(self, domain: str, run_id: str, *, results: bool = False) -> list[Parent]:
        """The parents of a run, in the order in which it names them; with their results where these are asked for."""
        ...

    async def children(self, domain: str, run_id: str, *, after: str = "", limit: int = 200) -> list[str]:
        """The ids of the runs that name a run as their parent, in order, from the first beyond `after`."""
        ...

    async def get(self, domain: str, run_ids: Sequence[str]) -> list[Run]:
        """Live and finished runs by id; unknown ids are left out."""
        ...

    async def find(self, query: RunQuery) -> list[Run]:
        """Live and finished runs, newest first."""
        ...

    async def attempts(self, domain: str, run_id: str) -> list[Attempt]:
        """The ended tries of a run that did not end it, oldest first."""
        ...

    async def ahead(self, domain: str, run_id: str, limit: int) -> int:
        """How many ready runs of the same line go before this one, or where it waits for a lane or a rate, how many of
        those that wait for it too; counting stops at `limit`."""
        ...

    async def counts(self, domain: str) -> dict[State, int]:
        """How many live runs are in each live state."""
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Remove up to `limit` runs finished before a moment, with their attempts, steps and logs; answers how many.

        How a run ended stays known to its children for `TOMBSTONE_KEPT` after its end.
        """
        ...


class RunQuery(Struct, frozen=True, kw_only=True):
    """A page of runs, newest first. Several values of one field mean any of them; `before` is an exclusive run id."""

    domain: str
    limit: int
    before: str | None = None
    states: tuple[State, ...] = ()
    job_ids: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    created_after: Instant | None = None
    created_before: Instant | None = None


class Renewal(Struct, frozen=True):
    """The answer to a heartbeat: the workers whose lease goes on, and the cancels accepted for runs they hold.

    A cancel is (worker id, run id, when it was accepted). Those of `alive` that are to end once they are empty are
    `draining`.
    """

    alive: frozenset[str]
    cancels: tuple[tuple[str, str, Instant], ...] = ()
    draining: frozenset[str] = frozenset()


class WorkerStore(Protocol):
    """Workers and their leases."""

    async def register(self, worker: WorkerSpec, lease: Micros, *, now: Instant | None = None) -> None:
        """Announce a worker and start its lease."""
        ...

    async def renew(self, worker_ids: Sequence[str], lease: Micros, *, now: Instant | None = None) -> Renewal:
        """Extend leases that have not ended. A worker missing from `alive` has lost all it held."""
        ...

    async def switch(
        self, domain: str, worker_ids: Sequence[str], state: WorkerState, *, now: Instant | None = None
    ) -> frozenset[str]:
        """Put workers into a state that `domain.workers.SWITCHES` leads to, with an event each; answers who changed.

        In force with the commit: none but one that is online claims. Leases go on in any of these states.
        """
        ...

    async def stop(self, worker_ids: Sequence[str]) -> None:
        """Take workers out of service; their leases end now. What they still hold is for the sweeper."""
        ...

    async def expire(self, *, now: Instant | None = None) -> list[str]:
        """End for good the leases that ran out; answers every ended worker that still holds runs."""
        ...

    async def find(self, domain: str) -> list[Worker]:
        """Processes of a domain, whatever their role, that are in service, and those lost or stopped within a day."""
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Forget up to `limit` ended workers that hold nothing and were last seen before a moment."""
        ...


class LaneStore(Protocol):
    """Limits on what may be active at once, and how often runs may start."""

    async def find(self, domain: str, *, after: str = "", limit: int = 200) -> list[LaneUse]:
        """Lanes by key, from the first beyond `after`."""
        ...

    async def get(self, domain: str, keys: Sequence[str]) -> list[LaneUse]:
        """Lanes by key; unknown ones are left out."""
        ...

    async def rates(self, domain: str, keys: Sequence[str]) -> list[RateUse]:
        """Rates by key; unknown ones are left out."""
        ...

    async def set_limit(self, domain: str, key: str, limit: int | None, *, now: Instant | None = None) -> bool:
        """Set a limit by hand, which goes before what jobs declare; None leaves it to the jobs again.

        In force at once: who may pass now does, and who is ready beyond it no longer is. False where None was said of
        a lane that is not there.
        """
        ...

    async def tend(self, limit: int, *, now: Instant | None = None) -> int:
        """The net under every admission: look through up to `limit` gates before which runs wait, going on each time
        where the last call ended, and let pass who may. Answers how many passed.
        """
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Forget up to `limit` lanes and rates that were made from the inputs of runs and are idle; answers how many.

        Idle is what nobody holds or waits for: a lane unless its limit was set by hand, a rate once all its tokens had
        come back before that moment. A run that comes to its gates later puts its limits down anew.
        """
        ...

    async def step_aside(self, limit: int, *, now: Instant | None = None) -> int:
        """Let no lane be held up by a line that is shut: its queue paused, or no online worker able to take from it.

        Where others wait, a shut line's runs that are ready give their slots back, and those that wait go out of the
        way; once it is open again, they come to their gates anew. A part at a time: answers how many moved, at most
        about `limit`; where that is reached there may be more.
        """
        ...


class Firing(Struct, frozen=True, kw_only=True):
    """Slots of one schedule being fired or passed over: applied only if its cursor still is `cursor`.

    `runs` are those of its slots in order, of which the first `late` catch up. Which of them are submitted is decided
    by `domain.overlap.take_turn`; the slots of the others are recorded.
    """

    schedule_id: str
    domain: str
    cursor: Instant
    next_at: Instant | None
    last_slot: Instant | None
    runs: tuple[NewRun, ...] = ()
    late: int = 0
    overlap: Overlap = Overlap.ALLOW
    events: tuple[NewEvent, ...] = ()


class ScheduleStore(Protocol):
    """Schedules and their cursors."""

    async def due(self, limit: int, *, now: Instant | None = None) -> list[Schedule]:
        """Enabled schedules of all domains whose cursor has come, the longest due first."""
        ...

    async def fire(self, firings: Sequence[Firing], *, now: Instant | None = None) -> list[bool]:
        """Move cursors and submit runs, each firing whole or not at all; answers which took effect.

        A slot already fired is never fired again: the second compare-and-set on its cursor fails. One with a run for a
        queue that drains takes no effect either. Each slot gets a run, or is recorded as skipped.
        """
        ...

    async def next_due(self) -> Instant | None:
        """The earliest cursor of an enabled schedule."""
        ...

    async def replace(self, seen: Schedule, new: Schedule, events: Sequence[NewEvent]) -> bool:
        """Write a schedule in the place of the one that was seen. False where that one has fired or changed since."""
        ...

    async def get(self, domain: str, schedule_ids: Sequence[str]) -> list[Schedule]:
        """Schedules by id; unknown ids are left out."""
        ...

    async def find(self, domain: str, *, job_id: str | None = None) -> list[Schedule]:
        """All schedules of a domain, or of one job, by id."""
        ...


class QueueStore(Protocol):
    """Queues: what was told of them, and how they are."""

    async def find(
        self, domain: str, *, names: Sequence[str] | None = None, after: str = "", limit: int = 200
    ) -> list[Queue]:
        """Queues that runs were submitted to or that were told anything, by name, from the first beyond `after`.

        `names` are the only ones asked for; unknown ones are left out.
        """
        ...

    async def controls(self, domain: str, names: Sequence[str]) -> dict[str, QueueControl]:
        """What queues were told, without a look at their runs; those that were told nothing are left out."""
        ...

    async def switch(self, domain: str, name: str, state: QueueState, *, now: Instant | None = None) -> bool:
        """Put a queue into a state, with its event; False where it was in it. In force with the commit, everywhere."""
        ...

    async def limit(self, domain: str, name: str, rate: Rate | None, *, now: Instant | None = None) -> bool:
        """Give a queue a rate or take it away, with its event; False where nothing changed."""
        ...


class DomainStore(Protocol):
    """Domains, as far as they share workers: the only verbs that look at more than one."""

    async def find(self, *, names: Sequence[str] | None = None, after: str = "", limit: int = 200) -> list[Domain]:
        """Domains to which runs were submitted or that were given a weight, by name, from the first beyond `after`.

        `names` are the only ones asked for; unknown ones are left out.
        """
        ...

    async def weigh(self, name: str, weight: int, *, now: Instant | None = None) -> bool:
        """Give a domain its weight, with an event in it; False where it had it."""
        ...


class DeadLetterStore(Protocol):
    """Failed runs that nobody has retried or discarded. How they are retried is `RunStore.enqueue`."""

    async def find(self, query: RunQuery) -> list[Run]:
        """Dead letters, newest first, at no cost of what else is in history; `states` says nothing here."""
        ...

    async def discard(
        self, domain: str, run_ids: Sequence[str], *, by: str, why: str = "", now: Instant | None = None
    ) -> list[str]:
        """Resolve dead letters without another try, each with its event; answers those that were dead letters."""
        ...


class Document(Struct, frozen=True, kw_only=True):
    """A named, versioned definition (a job, …) as its encoded body. `version` counts from 1."""

    domain: str
    kind: str
    id: str
    version: int
    body: bytes
    created_at: Instant
    updated_at: Instant


class Save(Struct, frozen=True, kw_only=True):
    """A definition to be written with its schedules and events, all or nothing.

    `expected` is the version the writer saw: 0 means that it must not exist, None that any will do. `schedules` take
    the place of those in `replaces`, as the writer saw them: one that has fired since would fire again. `consumes` is
    the type of messages whose arrival starts the job. `limits` are in force at once, also for runs that wait already.
    `links` are the other definitions of its kind that it names.
    """

    domain: str
    kind: str
    id: str
    body: bytes
    at: Instant
    expected: int | None = None
    schedules: tuple[Schedule, ...] = ()
    replaces: tuple[Schedule, ...] = ()
    consumes: str | None = None
    limits: Limits | None = None
    links: Links = Links()
    events: tuple[NewEvent, ...] = ()


class DocumentStore(Protocol):
    """Definitions, with a version kept at each change."""

    async def save(self, save: Save) -> Document:
        """Write a new version.

        Raises InvalidInput where it names one that is not there, or where the names would lead in a circle.
        Raises StaleVersion where `expected`, or a cursor in `replaces`, stands no more, or where one of `schedules`
        stands that is not in `replaces`.
        """
        ...

    async def delete(
        self,
        domain: str,
        kind: str,
        document_id: str,
        *,
        expected: int | None = None,
        schedule_ids: Sequence[str] = (),
        events: Sequence[NewEvent] = (),
    ) -> bool:
        """Remove a definition and the schedules named; its versions are kept. False where there was none.

        Raises Conflict where another one names it.
        Raises StaleVersion where `expected` is not the version that stands.
        """
        ...

    async def get(self, domain: str, kind: str, document_id: str) -> Document | None:
        """The version that stands."""
        ...

    async def find(self, domain: str, kind: str, *, after: str = "", limit: int = 200) -> list[Document]:
        """Definitions by id, from the first beyond `after`."""
        ...

    async def versions(
        self, domain: str, kind: str, document_id: str, limit: int, *, upto: int | None = None
    ) -> list[Document]:
        """The versions of a definition `upto` one, newest first; also of one that was deleted."""
        ...


class Trigger(Struct, frozen=True, kw_only=True):
    """A run that completed, for a job that is to be run after its job."""

    seq: int
    domain: str
    job_id: str
    upstream: str
    run_id: str


class TriggerStore(Protocol):
    """Completed runs after which jobs are to be run; each is written down in the transaction that completes the run."""

    async def waiting(self, limit: int) -> list[Trigger]:
        """Triggers of all domains, the oldest first."""
        ...

    async def pull(self, seqs: Sequence[int], runs: Sequence[NewRun] = (), *, now: Instant | None = None) -> bool:
        """Use triggers up and submit what they bring about; nothing happens where any of them was used before."""
        ...


class StepStore(Protocol):
    """What runs have done for good, and what they wait for to go on.

    A settled run whose transition carries a `wait` is blocked until an event answers it (`EventStore.publish`) or its
    timeout has come; either is recorded as a step, in the transaction that makes the run ready. Events that were stored
    since the run was created, and have answered no wait of it, answer it at once.
    """

    async def record(
        self, worker_id: str, run_id: str, token: int, step: RunStep, *, now: Instant | None = None
    ) -> bool:
        """Keep a step of a run that is running under a token; False where it is not. A name that is there is kept.

        Raises LeaseLost where the worker's lease has ended.
        """
        ...

    async def find(self, domain: str, run_id: str) -> list[RunStep]:
        """The steps of a run, live or finished, oldest first."""
        ...

    async def waiting(self, domain: str, run_id: str) -> EventWait | None:
        """The event that a run waits for, if it does."""
        ...


class KvStore(Protocol):
    """Small values of jobs and runs. What belongs to a run goes with it."""

    async def get(self, domain: str, scope: Scope, owners: Sequence[str], key: str) -> dict[str, Json]:
        """The value of one key by owner; those without one are left out."""
        ...

    async def find(self, space: Space, *, after: str = "", limit: int = 1_000) -> list[Entry]:
        """The keys of a space in order, from the first beyond `after`."""
        ...

    async def change(
        self,
        space: Space,
        change: Change,
        *,
        fence: Fence | None = None,
        event: NewEvent | None = None,
        now: Instant | None = None,
    ) -> Json | None:
        """Change a value by `domain.kv.changed`, with the event that tells of it; answers what it is then.

        Raises InvalidInput as that does, and LeaseLost where the fence does not hold: nothing is changed then.
        """
        ...


class Published(Struct, frozen=True):
    """The answer to a published event: its position, whether its key was known, and how many runs it woke."""

    seq: int
    admission: Admission
    woken: int = 0


class EventStore(Protocol):
    """The log of events."""

    async def append(self, events: Sequence[NewEvent]) -> None:
        """Write events that belong to no other change."""
        ...

    async def read(self, domain: str, *, after: int, limit: int, types: Sequence[str] = ()) -> list[Event]:
        """Events beyond a position, in order. `types` are exact names or prefixes that end in a dot."""
        ...

    async def publish(self, event: NewEvent, *, key: RunKey | None = None, now: Instant | None = None) -> Published:
        """Store an event of the family `user.` and wake the runs whose waits it answers.

        So many as one transaction bears are woken in the event's own, the rest in those that follow; where the process
        ends in between, by whoever calls `deliver`. A `key` that exists names its first event instead.
        """
        ...

    async def deliver(self, *, now: Instant | None = None) -> int:
        """Wake the runs for which published events are still on the way; answers how many."""
        ...

    async def published(self, domain: str, name: str, *, since: Instant, after: int, limit: int) -> list[Event]:
        """The events that people published under a name from a moment on and beyond a position, in order."""
        ...

    async def bounds(self) -> tuple[int, int]:
        """The positions of the oldest event kept and of the newest; (0, 0) where there are none."""
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Remove up to `limit` events older than a moment; the newest is kept."""
        ...


class LogStore(Protocol):
    """What runs said."""

    async def append(self, lines: Sequence[LogLine]) -> None:
        """Write lines in order."""
        ...

    async def read(self, domain: str, run_id: str, *, after: int, limit: int) -> list[StoredLogLine]:
        """Lines of a run beyond a position, in order."""
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Remove up to `limit` lines older than a moment."""
        ...


class Received(Struct, frozen=True):
    """The answer to one message put. `message_id` is the one that stands: it, or the one that came before."""

    message_id: str
    admission: Admission


class MessageQuery(Struct, frozen=True, kw_only=True):
    """A page of messages, newest first. Several values of one field mean any of them; `before` is an exclusive id."""

    domain: str
    limit: int
    before: str | None = None
    types: tuple[str, ...] = ()
    states: tuple[MessageState, ...] = ()


class Consumer(Struct, frozen=True):
    """A job that the arrival of messages starts."""

    domain: str
    job_id: str
    type: str


class MessageStore(Protocol):
    """The inbox. What becomes of leased messages is decided in the transaction that settles the run that has them."""

    async def put(self, messages: Sequence[NewMessage], *, now: Instant | None = None) -> list[Received]:
        """Store messages, all or none, in one transaction with one event. One that came before is not stored again.

        Raises KeyReused where what came before under its key was another message.
        """
        ...

    async def take(self, holder: Claim, intake: Intake) -> list[Message]:
        """The batch of a running run: the one that it has, else a new one by the rule of `domain.messages.pick`.

        Nothing for a run that does not run under the claim's token any more.
        """
        ...

    async def get(self, domain: str, message_ids: Sequence[str]) -> list[Message]:
        """Messages by id; unknown ids are left out."""
        ...

    async def find(self, query: MessageQuery) -> list[Message]:
        """Messages, newest first."""
        ...

    async def retry(self, domain: str, message_ids: Sequence[str]) -> frozenset[str]:
        """Put poison messages back in their places, with all their attempts; answers those that were poison."""
        ...

    async def discard(self, domain: str, message_ids: Sequence[str]) -> frozenset[str]:
        """Remove messages that are pending or poison; answers those that were."""
        ...

    async def awaited(self, limit: int) -> list[Consumer]:
        """Of the definitions saved with `consumes`, those with messages pending and no run that is not finished."""
        ...

    async def start(self, runs: Sequence[NewRun], *, now: Instant | None = None) -> list[bool]:
        """Submit the runs of consumers, each only if it is still awaited; answers which were submitted."""
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Remove up to `limit` messages processed or set aside before a moment."""
        ...


class AccessStore(Protocol):
    """Credentials. They are looked up by id: of their secrets only digests are kept."""

    async def put(self, credential: Credential) -> bool:
        """Store a new credential. False where a user of its name is there and in force."""
        ...

    async def replace(self, credential: Credential) -> bool:
        """Store a credential anew, but for when it was used and revoked. False where it is not there."""
        ...

    async def get(self, credential_id: str) -> Credential | None:
        """A credential, in force or not."""
        ...

    async def find(
        self,
        kind: CredentialKind,
        *,
        domain: str | None = None,
        name: str | None = None,
        after: str = "",
        limit: int = 200,
    ) -> list[Credential]:
        """Credentials by id from the first beyond `after`, in force or not; of one domain, of one name."""
        ...

    async def touch(self, credential_id: str, at: Instant) -> None:
        """Note when a credential was used."""
        ...

    async def revoke(self, credential_id: str, at: Instant) -> bool:
        """End a credential, and the sessions that it owns. False where it is not there, or was ended before."""
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Remove up to `limit` credentials that ended before a moment."""
        ...


class AuditQuery(Struct, frozen=True, kw_only=True):
    """Which entries to list, newest first: those before the id `before`, for each filter those that fit."""

    domain: str | None = None
    who: str | None = None
    action: str | None = None
    target: str | None = None
    before: str | None = None
    limit: int = 50


class AuditStore(Protocol):
    """Who changed what. Entries are never changed."""

    async def append(self, entry: AuditEntry) -> None:
        """Store an entry."""
        ...

    async def find(self, query: AuditQuery) -> list[AuditEntry]:
        """Entries, newest first."""
        ...

    async def prune(self, before: Instant, limit: int) -> int:
        """Remove up to `limit` entries from before a moment."""
        ...


class Notices(Protocol):
    """Wake-ups between the processes on one engine. They hurry; they are never relied upon."""

    async def wait(self, patience: float) -> frozenset[str]:
        """The topics that were told since the last call, as soon as there are any; none after `patience` seconds."""
        ...

    async def close(self) -> None:
        """Stop listening."""
        ...


class Topic(StrEnum):
    """What a notice is about."""

    RUNS = "runs"
    CANCELS = "cancels"
    EVENTS = "events"
    LOGS = "logs"
    SCHEDULES = "schedules"
    TRIGGERS = "triggers"
    MESSAGES = "messages"
    CASCADES = "cascades"


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
    def documents(self) -> DocumentStore: ...
    @property
    def steps(self) -> StepStore: ...
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

    def now(self) -> Instant:
        """The engine's wall clock."""
        ...

    def listen(self, *topics: Topic) -> Notices:
        """Be told of these topics from now on."""
        ...

    async def ping(self) -> None:
        """Raises Unavailable where the engine cannot take writes now."""
        ...

    async def backup(self, target: Path) -> None:
        """A consistent copy of everything, taken while work goes on. Needs the capability `backup`."""
        ...

    async def close(self) -> None:
        """Finish what was accepted and let go of everything."""
        ...
