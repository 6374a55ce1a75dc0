"""What an attempt came to, read from what a handler returned or raised, and from what had been asked of it."""

from __future__ import annotations

import traceback
from typing import Final, get_args

import msgspec
from msgspec import structs

from treadle.authoring.context import Log
from treadle.authoring.decorators import AnyHandler
from treadle.authoring.discovery import as_written, own_trace
from treadle.authoring.retrying import GiveUp, Retry, ask
from treadle.domain import json
from treadle.domain.errors import InvalidInput, NotFound
from treadle.domain.instants import DAY
from treadle.domain.logs import Level, Stream, clean
from treadle.domain.outcomes import Cancelled, Failed, Outcome, RunError, Skipped, Snoozed, Succeeded
from treadle.domain.runs import Claim
from treadle.domain.submitting import LONGEST_DELAY
from treadle.domain.work import Work, decode_work

MAX_RESULT_BYTES: Final = 256 * 1024
MAX_MESSAGE: Final = 4_000
"""Characters of an error's message that are kept."""

MAX_TRACEBACK: Final = 32_000
TRACEBACK_FRAMES: Final = 30
"""A traceback keeps its last frames: those are the handler's."""

_NO_RESULT: Final = Succeeded()
_OUTCOMES: Final = frozenset(get_args(Outcome))


def to_outcome(value: object) -> Outcome:
    """What a handler's return value means: an outcome is taken as it is, anything else is the result as JSON."""
    if value is None:
        return _NO_RESULT
    if type(value) in _OUTCOMES:
        return _returned(value)
    try:
        result = json.encode(value)
    except Exception as error:  # noqa: BLE001 - encoding may call the value's own code
        return _unusable(f"the result cannot be written as JSON: {_said(error)}")
    return _fitting(result)


def _returned(value: object) -> Outcome:
    """An outcome that a handler returned."""
    match value:
        case Succeeded() if value.result is not None:
            return _succeeded(value.result)
        case Succeeded() | Failed() | Skipped() | Snoozed() | Cancelled():
            return _checked(value)
        case _:
            return _unusable(f"a handler cannot return {type(value).__name__}: only a worker can tell")


def failure(error: BaseException) -> Failed:
    """What an exception means: bad inputs and missing parts do not get better by trying again."""
    name = type(error).__qualname__
    if isinstance(error, SystemExit):
        message = f"the handler called sys.exit({error.code!r:.100})"
    else:
        message = _said(error) or name
    trace = own_trace(error) or error.__traceback__
    text = as_written("".join(traceback.format_exception(type(error), error, trace, limit=-TRACEBACK_FRAMES)))
    retry = not isinstance(error, InvalidInput | NotFound | GiveUp)
    delay = error.delay if isinstance(error, Retry) else None
    return Failed(_kept(RunError("exception", message, name, text)), retry=retry, delay=delay)


def failure_by_rule(handler: AnyHandler, claim: Claim, log: Log, error: Exception) -> Failed:
    """What an exception of a handler means, by the handler's own rule where its job's retries are `custom`.

    Where the rule says nothing of use, that is said in the log, and the job's policy stands.
    """
    failed = failure(error)
    if not decode_work(claim.work).retry.custom or isinstance(error, Retry | GiveUp):
        return failed
    if handler.retry is None:
        message = "the job's retries are custom, but its handler has no rule for them: the policy's delays are used"
        log.write(Stream.SYSTEM, Level.WARNING, message)
        return failed
    try:
        return ask(handler.retry, error, failed, claim.failures + 1)
    except Exception as fault:  # noqa: BLE001 - it is people's code
        message = "the handler's rule for retries failed, the policy's delays are used: "
        trace = {"traceback": failure(fault).error.traceback}
        log.write(Stream.SYSTEM, Level.ERROR, message + (_said(fault) or type(fault).__qualname__), trace)
        return failed


def timed_out(work: Work) -> Failed:
    """What an attempt that its timeout ended comes to."""
    return Failed(RunError("timeout", f"the attempt was ended by its timeout of {work.timeout_ms / 1000:g} s"))


def _checked(outcome: Succeeded | Failed | Skipped | Snoozed | Cancelled) -> Outcome:
    """An outcome that a handler made. Python did not check what it put in, and the engine must be able to store it."""
    try:
        made = msgspec.convert(msgspec.to_builtins(outcome), type(outcome))
    except Exception as error:  # noqa: BLE001 - it may hold anything
        return _unusable(f"the handler returned {type(outcome).__name__} with something else in it: {_said(error)}")
    match made:
        case Failed(delay=int(delay)) | Snoozed(delay=delay) if not 0 <= delay <= LONGEST_DELAY:
            most = f"{LONGEST_DELAY // DAY} days"
            return _unusable(f"the handler returned {type(made).__name__} with a delay below zero or beyond {most}")
        case Failed():
            return structs.replace(made, error=_kept(made.error))
        case Skipped() | Cancelled():
            return structs.replace(made, message=clean(made.message)[:MAX_MESSAGE])
    return made


def _succeeded(result: object) -> Outcome:
    if not isinstance(result, bytes):
        return _unusable("the handler returned Succeeded with a result that is no JSON in bytes: return the value")
    try:
        return _fitting(json.encode(json.decode(result)))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return _unusable(f"the handler returned Succeeded with a result that is not JSON: {error}")


def _fitting(result: json.Json) -> Outcome:
    if len(result) > MAX_RESULT_BYTES:
        return _unusable(f"the result has {len(result)} bytes, {MAX_RESULT_BYTES} at most are kept: store it elsewhere")
    return Succeeded(result)


def _unusable(message: str) -> Failed:
    return Failed(_kept(RunError("result", message)), retry=False)


def _said(error: BaseException) -> str:
    """The text of an exception, which is people's code too."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - as above
        return f"{type(error).__qualname__} (whose own text cannot be told)"


def _kept(error: RunError) -> RunError:
    """What of an error is stored: texts that any engine can hold, of a bounded size."""
    return RunError(
        clean(error.code)[:MAX_MESSAGE],
        _text(error.message)[:MAX_MESSAGE],
        clean(error.type)[:MAX_MESSAGE],
        _text(error.traceback)[-MAX_TRACEBACK:],
    )


def _text(text: str) -> str:
    """A text of several lines, each of them clean."""
    return "\n".join(map(clean, text.split("\n")))
