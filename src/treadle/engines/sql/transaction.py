"""What the shared verbs ask of an engine: its statements by name, in a snapshot or in a transaction.

Each engine keeps its own text of a statement under the same name (`queries/<noun>.sql`, called `noun.name`), with the
same parameters and the same columns in the same order. How rows and lists travel is the engine's own business.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.json import Json
from treadle.domain.runs import NewRun
from treadle.engines.contract import Topic

T = TypeVar("T")

Row: TypeAlias = Sequence[Any]
"""A row as an engine answers it: its columns' types are the statement's business."""

Told: TypeAlias = tuple[str, str, str, int, str | None, Instant, Json | None]
"""An event as (domain, type, subject, n, job id, at, data)."""


class Look(Protocol):
    """Statements that see the tables as they stand at one moment."""

    async def call(self, name: str, /, *values: Any) -> Sequence[Row]:
        """All rows that a statement answers. A list is one value, which stands for any number of them."""
        ...

    async def feed(self, name: str, rows: Sequence[Row], /, *values: Any) -> Sequence[Row]:
        """The same of a statement over rows, which come before its other values. Of no rows it is not asked."""
        ...


class Transaction(Look, Protocol):
    """Statements that write, all or none of them.

    `topics` are whom to wake, and `after` what this process does, once it is committed. `locked` are the gates that
    nobody else can look at until it ends. One that is `lent` is somebody else's, who commits it whenever they like, or
    never: it is to hold nobody up.
    """

    topics: set[Topic]
    after: list[Callable[[], None]]
    locked: set[int]
    lent: bool

    async def lock(self, name: str, /, *values: Any) -> None:
        """Keep others away by a statement that locks, in an engine where others write meanwhile."""
        ...

    async def now(self, told: Instant | None) -> Instant:
        """The time of this transaction: the caller's, else the engine's."""
        ...

    async def put_runs(self, runs: Sequence[tuple[NewRun, Json]]) -> None:
        """Store new runs, and events that say that they are queued, each with what it tells beside."""
        ...

    async def tell(self, events: Sequence[Told]) -> None:
        """Write events."""
        ...


Tx = TypeVar("Tx", bound=Transaction)
Tx_co = TypeVar("Tx_co", bound=Transaction, covariant=True)


class Writer(Protocol[Tx_co]):
    """Runs functions in transactions."""

    async def __call__(self, work: Callable[[Tx_co], Coroutine[Any, Any, T]]) -> T:
        """Run `work` in a transaction and answer what it answers, once that is on disk."""
        ...

    async def call(self, name: str, /, *values: Any) -> Sequence[Row]:
        """All rows that a statement answers which is a transaction by itself, and tells nobody."""
        ...


class WallClock(Protocol):
    """What tells the time of day."""

    def wall(self) -> Instant:
        """Now, in UTC."""
        ...


class Reader(Protocol):
    """Reads, beside the writers."""

    async def call(self, name: str, /, *values: Any) -> Sequence[Row]:
        """All rows that a statement answers."""
        ...

    async def together(self, work: Callable[[Look], Coroutine[Any, Any, T]]) -> T:
        """Run `work`, whose statements see the same."""
        ...

    async def in_turn(self, work: Callable[[Look], Coroutine[Any, Any, T]]) -> T:
        """Run `work`, each of whose statements may see what was stored since the one before it: the cheaper way."""
        ...


CheckLease: TypeAlias = Callable[[Tx, str, Instant | None], Awaitable[None]]
"""An engine's rule for when the lease of a worker is alive: raises LeaseLost where it is not."""


class Raced(Exception):
    """Another transaction has done what this one was about to do: look again."""


async def append(tx: Transaction, events: Sequence[NewEvent]) -> None:
    """Write events that are not of a run; the caller holds the transaction."""
    await tx.tell([(one.domain, one.type, one.subject, 0, one.job_id, one.at, one.data) for one in events])
