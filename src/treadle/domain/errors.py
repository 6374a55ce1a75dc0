"""The one tree of errors. Each says what was wrong, where, and what would be right.

`code` is stable and for programs; the message is for people. The edges (HTTP, CLI) translate by class, never by text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in an input. `pointer` is a JSON pointer into it ("" is the whole of it)."""

    pointer: str
    message: str
    code: str = "invalid"

    def __str__(self) -> str:
        return f"{self.pointer}: {self.message}" if self.pointer else self.message


def below(pointer: str, key: object) -> str:
    """The JSON pointer (RFC 6901) of `key` within the value at `pointer`."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


class TreadleError(Exception):
    """Anything Treadle refuses or cannot do. `problems` are the faults in an input that it names, if any."""

    code = "error"
    problems: tuple[Problem, ...] = ()

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(TreadleError):
    """Input of the right form with wrong content; `problems` names every fault found, not only the first."""

    code = "invalid_input"

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        self.problems = (Problem("", problems),) if isinstance(problems, str) else tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


@contextmanager
def moved(pointer: str, to: str) -> Iterator[None]:
    """Faults below `pointer` are told below `to`: where the value stands among several."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(
            replace(each, pointer=to + each.pointer.removeprefix(pointer)) if each.pointer.startswith(pointer) else each
            for each in error.problems
        ) from None


@contextmanager
def placed(pointer: str) -> Iterator[None]:
    """What is wrong with one of several values is told at its place among them."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(replace(each, pointer=pointer + each.pointer) for each in error.problems) from None
    except TreadleError as error:
        error.problems = (Problem(pointer, error.message, error.code),)
        raise


class MalformedInput(TreadleError):
    """Input that cannot be read at all: broken JSON, NaN, a key twice, nesting too deep."""

    code = "malformed_input"


class PayloadTooLarge(TreadleError):
    """Input over its size cap. Nothing of it was stored."""

    code = "payload_too_large"


class Unauthorized(TreadleError):
    """No valid credential came with the call."""

    code = "unauthorized"


class Forbidden(TreadleError):
    """The credential is valid but not for this."""

    code = "forbidden"


class TooMany(TreadleError):
    """The caller tries too often; `after` is in how many seconds it may try again."""

    code = "too_many_requests"

    def __init__(self, message: str, after: int) -> None:
        super().__init__(message)
        self.after = after


class NotFound(TreadleError):
    """No such thing in the caller's domain."""

    code = "not_found"


class Conflict(TreadleError):
    """The state of the thing does not allow this now."""

    code = "conflict"


class StaleVersion(Conflict):
    """The thing was changed by somebody else since it was read. `stands` is its version or revision, where known."""

    code = "stale_version"

    def __init__(self, message: str, stands: int | str | None = None) -> None:
        super().__init__(message)
        self.stands = stands


class KeyReused(Conflict):
    """The idempotency key came before with another body."""

    code = "idempotency_key_reused"


class QueueDraining(Conflict):
    """The queue takes no new runs: it is being emptied."""

    code = "queue_draining"

    def __init__(self, queue: str) -> None:
        super().__init__(f"queue {queue} is draining: it works off what it has and takes no new runs until resumed")


class LetterResolved(Conflict):
    """The dead letter was retried or discarded before."""

    code = "letter_resolved"


class Unavailable(TreadleError):
    """The engine cannot take this now; nothing was acknowledged, and the same call may succeed later."""

    code = "unavailable"


class StorageFull(Unavailable):
    """No space is left where the engine keeps its data."""

    code = "storage_full"


class Moved(TreadleError):
    """The installation has moved, or is about to: this side takes nothing any more."""

    code = "moved"

    def __init__(self, target: str, *, complete: bool) -> None:
        """Where it is not `complete`, the move goes on, or was broken off and can be made again or given up."""
        went = "has moved" if complete else "is moving"
        message = f"this installation {went} to {target}: nothing is taken here any more; turn to that one"
        super().__init__(message if complete else f"{message}, or if `treadle migrate` was broken off, make it again")


class LeaseLost(TreadleError):
    """The worker's lease has ended: it may change nothing any more and must register again."""

    code = "lease_lost"


class SchemaTooNew(TreadleError):
    """The data was written by a newer release of Treadle than this one."""

    code = "schema_too_new"


@contextmanager
def ungrouped(kind: type[TreadleError]) -> Iterator[None]:
    """An error of a kind by itself, where a task group raises it among others."""
    try:
        yield
    except ExceptionGroup as group:
        found: BaseException | None = group.subgroup(kind)
        while isinstance(found, ExceptionGroup):
            found = found.exceptions[0]
        raise found or group from None


def nearest(wrong: str, right: Iterable[str]) -> str:
    """A hint for a misspelt name: ' (did you mean "x"?)', or the empty string where nothing is near.

    The one that goes on where the name ends is nearer than any other: `timeout_seconds` for `timeout`.
    """
    names = list(right)
    longer = [name for name in names if name.startswith(f"{wrong}_")]
    match = longer if len(longer) == 1 else get_close_matches(wrong, names, n=1, cutoff=0.6)
    return f' (did you mean "{match[0]}"?)' if match else ""
