"""What a refused call means: the errors of `treadle.domain.errors` again, by the code of the problem."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import responses
from typing import Final

import msgspec
from msgspec import Struct

from treadle.domain import errors
from treadle.domain.errors import InvalidInput, Problem, TooMany, TreadleError


class EventsLost(TreadleError):
    """What follows the last event that was seen is no longer kept. Go on with `after`, the oldest there is."""

    code = "events_lost"

    def __init__(self, after: int) -> None:
        super().__init__(f"events that were not seen are no longer kept; go on with after={after}")
        self.after = after


class _Fault(Struct):
    pointer: str
    message: str
    code: str = "invalid"


class Refusal(Struct):
    """What of a problem (RFC 9457) counts here."""

    detail: str = ""
    code: str = ""
    errors: list[_Fault] = []


def _kinds(kind: type[TreadleError]) -> Iterator[type[TreadleError]]:
    yield kind
    for each in kind.__subclasses__():
        if each.__module__ == errors.__name__:
            yield from _kinds(each)


BY_CODE: Final = {kind.code: kind for kind in _kinds(TreadleError)}
"""The class of every code."""

_BY_STATUS: Final[dict[int, type[TreadleError]]] = {
    400: errors.MalformedInput,
    401: errors.Unauthorized,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    412: errors.StaleVersion,
    413: errors.PayloadTooLarge,
    422: InvalidInput,
    429: TooMany,
    502: errors.Unavailable,
    503: errors.Unavailable,
    504: errors.Unavailable,
}
"""Where the code is none of Treadle's: a proxy has answered, or a newer server."""


def to_refusal(data: bytes) -> Refusal:
    """What an answer says that is no success; nothing where it is no problem+json."""
    try:
        return msgspec.json.decode(data, type=Refusal)
    except msgspec.MsgspecError:
        return Refusal()


def to_error(status: int, said: Refusal, retry_after: int = 1) -> TreadleError:
    """The error that stands for a refusal. `retry_after` is in how many seconds the call may be made again."""
    detail = said.detail or f"the server answered {status} {responses.get(status, '')}".rstrip()
    kind = BY_CODE.get(said.code) or _BY_STATUS.get(status, TreadleError)
    problems = tuple(Problem(each.pointer, each.message, each.code) for each in said.errors)
    if kind is InvalidInput:
        return InvalidInput(problems or detail)
    if kind is TooMany:
        return TooMany(detail, retry_after)
    error = kind.__new__(kind)  # some make their message themselves: here it is made already
    TreadleError.__init__(error, detail)
    error.problems = problems
    return error
