"""Durable steps as a handler uses them: what it has done for good, and how it gives its place back while it waits.

A handler that sleeps or waits for an event is ended, and later run again from the top. What it did in steps before is
not done again: their recorded results answer.
"""

from __future__ import annotations

import inspect
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from treadle.authoring.keeping import Keeper
from treadle.domain import json
from treadle.domain.errors import InvalidInput, TreadleError
from treadle.domain.instants import DAY, Instant, from_seconds, to_iso
from treadle.domain.json import Json
from treadle.domain.outcomes import Released, Snoozed, Waiting
from treadle.domain.publishing import check_event_name, encode_data, user_event
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import Claim
from treadle.domain.steps import RunStep, StepKind, check_name, check_room, encode_result, numbered
from treadle.domain.submitting import LONGEST_DELAY
from treadle.domain.waits import EventWait
from treadle.system import Clock

T = TypeVar("T")

SLEEP: Final = "sleep"
WAIT: Final = "wait:{event}"
PUBLISH: Final = "publish:{event}"


class Suspended(BaseException):
    """Ends a handler for now: control flow and no error, so let it pass. `outcome` is what the attempt comes to."""

    def __init__(self, outcome: Snoozed | Waiting | Released) -> None:
        super().__init__("the run goes on later")
        self.outcome = outcome


class WaitTimeout(TreadleError):
    """The event that a handler waited for has not come in time."""

    code = "wait_timeout"


class Steps:
    """The steps of one attempt, kept by `keeper`. `suspended` is what it comes to once a step has ended it for now."""

    def __init__(self, claim: Claim, keeper: Keeper, clock: Clock) -> None:
        self.suspended: Snoozed | Waiting | Released | None = None
        self._claim = claim
        self.keeper = keeper
        self._clock = clock
        self._recorded = {step.name: step for step in claim.steps}
        self._bytes = sum(len(step.result) for step in claim.steps)
        self._used: Counter[str] = Counter()

    async def run(self, name: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The recorded result of a step; where there is none, that of its function, which is recorded."""
        step = self._known(check_name(name))
        if isinstance(step, str):
            value = function(*args, **kwargs)
            result = await value if inspect.isawaitable(value) else value
            step = await self._record(step, StepKind.RESULT, encode_result(step, result, self._bytes))
        return json.decode(_of_kind(step, StepKind.RESULT).result)

    async def sleep(self, seconds: float) -> None:
        """Return once so much time has passed since the run first came here."""
        step = self._known(SLEEP)
        if isinstance(step, str):
            until = self._clock.wall() + _duration("sleep", seconds)
            step = await self._record(step, StepKind.SLEEP, json.encode(until))
        left: int = json.decode(_of_kind(step, StepKind.SLEEP).result) - self._clock.wall()
        if left > 0:
            raise self._suspend(Snoozed(min(left, LONGEST_DELAY), step.name))

    async def wait_for(self, event: str, match: Mapping[str, Any], seconds: float | None) -> dict[str, Any]:
        """The data of the event that has answered; raises WaitTimeout after so many seconds without one."""
        wanted = encode_data("match", match)
        step = self._known(WAIT.format(event=check_event_name(event)))
        if isinstance(step, str):
            timeout_at = None if seconds is None else self._clock.wall() + _duration("timeout", seconds)
            wait = EventWait(step=step, event=event, match=wanted, timeout_at=timeout_at)
            step = await self._await_event(wait)
        if _of_kind(step, StepKind.EVENT, StepKind.TIMEOUT).kind is StepKind.TIMEOUT:
            raise WaitTimeout(f"no event {event!r} whose data contains {wanted.decode()} came until {to_iso(step.at)}")
        data: dict[str, Any] = json.decode(step.result)
        return data

    async def publish(self, name: str, data: Mapping[str, Any], source: str | None) -> None:
        """Publish an event, once however often the handler comes here."""
        claim = self._claim
        source = claim.id if source is None else source
        event = user_event(name, data, domain=claim.domain, source=source, at=self._clock.wall(), job_id=claim.job_id)
        step = self._known(PUBLISH.format(event=name))
        if isinstance(step, str):
            await self.keeper.publish(event, f"{claim.id}/{step}")
            await self._record(step, StepKind.RESULT, b"null")

    def let_go(self) -> Suspended:
        """Ends the handler of a run that is no longer this worker's; to be raised."""
        return self._suspend(Released("the run is no longer this worker's"))

    def _known(self, name: str) -> RunStep | str:
        """The step of the next use of a name, or its own name where it is not recorded yet."""
        if self.suspended is not None:
            raise Suspended(self.suspended)
        self._used[name] += 1
        name = numbered(name, self._used[name])
        if name not in self._recorded:
            check_room(name, len(self._recorded))
        return self._recorded.get(name, name)

    async def _record(self, name: str, kind: StepKind, result: Json, event: int | None = None) -> RunStep:
        at: Instant = self._clock.wall()
        step = RunStep(name=name, kind=kind, result=result, token=self._claim.token, at=at, event=event)
        if not await self.keeper.record(self._claim, step):
            raise self.let_go()
        self._recorded[name] = step
        self._bytes += len(result)
        return step

    async def _await_event(self, wait: EventWait) -> RunStep:
        event, position = await self.keeper.find_event(
            self._claim, wait, frozenset(step.event for step in self._recorded.values() if step.event is not None)
        )
        if event is not None:
            return await self._record(wait.step, StepKind.EVENT, event.data, event.seq)
        raise self._suspend(Waiting(Reason(ReasonCode.EVENT, wait.event), replace(wait, after=position)))

    def _suspend(self, outcome: Snoozed | Waiting | Released) -> Suspended:
        self.suspended = outcome
        return Suspended(outcome)


def here(work: Coroutine[Any, Any, T]) -> T | Awaitable[T]:
    """Work to be awaited where an event loop runs; its result where none does, as in a sync handler."""
    from asyncio import get_running_loop  # the process of an isolated sync handler has no other use for it

    try:
        get_running_loop()
    except RuntimeError:
        return _at_once(work)
    return work


def suspension(steps: Steps | None, error: BaseException | None = None) -> Snoozed | Waiting | Released | None:
    """What an attempt comes to that a step has ended for now, though its handler returned or raised `error`.

    None where it was not, or where something else went wrong on the way out.
    """
    if steps is None or steps.suspended is None:
        return None
    others = error.split(Suspended)[1] if isinstance(error, BaseExceptionGroup) else error
    return steps.suspended if others is None or isinstance(others, Suspended) else None


def _at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of work that never waits for a loop: what it awaits blocks its thread."""
    try:
        work.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    work.close()
    raise InvalidInput("a step of a sync handler can call no async function that waits: make the handler async")


def _duration(what: str, seconds: float) -> int:
    if not math.isfinite(seconds) or not 0 <= from_seconds(seconds) <= LONGEST_DELAY:
        raise InvalidInput(f"{what} is {seconds} seconds: 0 to {LONGEST_DELAY // DAY} days")
    return from_seconds(seconds)


def _of_kind(step: RunStep, *kinds: StepKind) -> RunStep:
    """The step, if it is of a kind that the handler can use. A changed handler may meet another's."""
    if step.kind not in kinds:
        raise InvalidInput(f"step {step.name!r} was recorded as a {step.kind}: the handler has changed since")
    return step
