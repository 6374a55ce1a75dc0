"""What a handler learns about its run, and how it speaks while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Protocol, TypeVar

from treadle.authoring.inbox import Inbox
from treadle.authoring.kv import KeyValues, Telemetry
from treadle.authoring.parents import ParentResult, ParentSource, to_results
from treadle.authoring.signals import Signal
from treadle.authoring.steps import Steps, here
from treadle.domain.errors import InvalidInput
from treadle.domain.instants import from_seconds, to_datetime
from treadle.domain.kv import Scope
from treadle.domain.logs import Level, Stream
from treadle.domain.messages import DEFAULT_BATCH
from treadle.domain.progress import Progress, read_progress
from treadle.domain.runs import Claim
from treadle.domain.work import decode_work
from treadle.system import Clock

Item = TypeVar("Item")


class Log(Protocol):
    """Where lines of a run's log go; may be called from any thread."""

    def write(self, stream: Stream, level: Level, text: str, fields: Mapping[str, Any] | None = None) -> None:
        """Writes a text and its fields."""
        ...


class RunningAttempt(Protocol):
    """What a context stands on. Its parts are asked for only when the handler asks: most handlers want few of them."""

    @property
    def claim(self) -> Claim: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def log(self) -> Log: ...
    @property
    def cancelled(self) -> Signal: ...
    @property
    def inputs(self) -> Any: ...
    @property
    def messages(self) -> Inbox | None: ...
    @property
    def deadline(self) -> float | None:
        """In seconds of the monotonic clock."""
        ...

    @property
    def parents(self) -> ParentSource: ...
    @property
    def steps(self) -> Steps: ...
    def report(self, progress: Progress) -> None:
        """Tell how far the run has come; never waits, and may be called from any thread."""
        ...


class RunLogger:
    """Writes structured lines to the run's log: `ctx.logger.info("sent", to="ops", count=3)`."""

    __slots__ = ("_log",)

    def __init__(self, log: Log) -> None:
        self._log = log

    def debug(self, message: str, /, **fields: Any) -> None:
        """What only matters when looking for a fault."""
        self._log.write(Stream.LOG, Level.DEBUG, message, fields or None)

    def info(self, message: str, /, **fields: Any) -> None:
        """What happens as it should."""
        self._log.write(Stream.LOG, Level.INFO, message, fields or None)

    def warning(self, message: str, /, **fields: Any) -> None:
        """What somebody should look at some time."""
        self._log.write(Stream.LOG, Level.WARNING, message, fields or None)

    def error(self, message: str, /, **fields: Any) -> None:
        """What went wrong."""
        self._log.write(Stream.LOG, Level.ERROR, message, fields or None)


class RunEvents:
    """Publishes events: `await ctx.events.publish("paid", {"order": 17})`."""

    __slots__ = ("_steps",)

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def publish(self, name: str, data: Mapping[str, Any] | None = None, *, source: str | None = None) -> Any:
        """Publish an event, once, however often the run's handler comes here; `source` is the run unless given.

        To be awaited in an async handler. Raises InvalidInput and PayloadTooLarge.
        """
        return here(self._steps.publish(name, data or {}, source))


class JobContext:
    """One attempt as its handler sees it. A handler gets it by a parameter of this type, or one named `ctx`."""

    __slots__ = ("_attempt", "_claim")

    def __init__(self, attempt: RunningAttempt) -> None:
        self._attempt = attempt
        self._claim = attempt.claim

    @property
    def logger(self) -> RunLogger:
        """Writes structured lines to the run's log."""
        return RunLogger(self._attempt.log)

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._claim.id

    @property
    def job_id(self) -> str:
        """The id of the run's job."""
        return self._claim.job_id

    @property
    def attempt(self) -> int:
        """Which try of the run this is, from 1."""
        return self._claim.attempt

    @property
    def token(self) -> int:
        """The fence: grows with every claim of the run, so that others can refuse a worker that fell behind."""
        return self._claim.token

    @property
    def inputs(self) -> dict[str, Any]:
        """The run's inputs."""
        inputs: dict[str, Any] = self._attempt.inputs
        return inputs

    async def parent_results(self) -> dict[str, ParentResult]:
        """How the runs that this one waited for ended: by run id, in the order of `depends_on`."""
        return to_results(await self._attempt.parents.read(self._claim))

    def parents(self) -> dict[str, ParentResult]:
        """`parent_results` for sync handlers."""
        return to_results(self._attempt.parents.read_in_thread(self._claim))

    @property
    def messages(self) -> Inbox:
        """The batch of messages that this attempt has taken. Raises InvalidInput where the job takes none."""
        messages = self._attempt.messages
        if messages is None:
            raise InvalidInput(f"job {self._claim.job_id} takes no messages: give it `messages`, with their type")
        return messages

    @property
    def batch_size(self) -> int:
        """How many things the job is to deal with at once: its `batch_size`, 10 by default."""
        work = decode_work(self._claim.work)
        if work.messages is not None:
            return work.messages.batch_size
        return work.batch_size or DEFAULT_BATCH

    def batches(self, items: Iterable[Item]) -> Iterator[list[Item]]:
        """Things in lists of `batch_size` at most, in their order."""
        left = iter(items)
        while batch := list(islice(left, self.batch_size)):
            yield batch

    @property
    def now(self) -> datetime:
        """The present moment, in UTC."""
        return to_datetime(self._attempt.clock.wall())

    @property
    def created_at(self) -> datetime:
        """When the run was submitted, in UTC."""
        return to_datetime(self._claim.created_at)

    @property
    def deadline(self) -> datetime | None:
        """When this attempt is ended, in UTC; None where it has no limit."""
        deadline, clock = self._attempt.deadline, self._attempt.clock
        if deadline is None:
            return None
        return to_datetime(clock.wall() + from_seconds(deadline - clock.monotonic()))

    @property
    def cancelled(self) -> bool:
        """Whether the run is to end now: a sync handler looks here, an async one is cancelled where it awaits."""
        return self._attempt.cancelled.is_set()

    @property
    def cancel_signal(self) -> Signal:
        """The same to wait for: `wait(timeout)` answers whether it is to end. It takes the place of a sync handler's
        `time.sleep`, and tells what an async one has started beside itself."""
        return self._attempt.cancelled

    def progress(self, done: float, total: float | None = None) -> None:
        """Say how far the run has come: so much is done, of so much in all where that is known.

        Kept with the run, newest last, and told by the event `run.progress`, at most once a second. Never waits.
        Raises InvalidInput for what is no amount.
        """
        self._attempt.report(read_progress(done, total, self._attempt.clock.wall()))

    @property
    def kv(self) -> KeyValues:
        """Small durable values of the job, shared by all of its runs: a cursor, a counter."""
        return KeyValues(self._attempt.steps, self._claim, Scope.JOB)

    @property
    def state(self) -> KeyValues:
        """Small durable values of this run, kept over its attempts, shown with it, and gone with it."""
        return KeyValues(self._attempt.steps, self._claim, Scope.RUN)

    @property
    def telemetry(self) -> Telemetry:
        """`get_state()` answers all of `state`."""
        return Telemetry(self.state)

    @property
    def events(self) -> RunEvents:
        """Publishes events for which others may wait."""
        return RunEvents(self._attempt.steps)

    # What follows is awaited in an async handler, and answers at once in a sync one.

    def step(self, name: str, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """What a function (async or sync) returns, as JSON has it; done once and kept, however often the run is tried.

        The second use of a name in one execution is the step `name#2`. Raises InvalidInput for a value that is no JSON
        or over 256 KiB; what the function raises passes on, and nothing is kept.
        """
        return here(self._attempt.steps.run(name, function, *args, **kwargs))

    def sleep(self, seconds: float) -> Any:
        """Go on after so many seconds, and let others have the place meanwhile. No attempt is spent.

        The handler is ended here, and run again from the top when the time has come.
        """
        return here(self._attempt.steps.sleep(seconds))

    def wait_for(self, event: str, match: Mapping[str, Any] | None = None, timeout: float | None = None) -> Any:
        """The data of the first event of that name, since the run was created, whose data contains `match`.

        The handler is ended while it waits, as by `sleep`. Raises WaitTimeout after `timeout` seconds.
        """
        return here(self._attempt.steps.wait_for(event, match or {}, timeout))
