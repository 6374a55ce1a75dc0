"""Calls over HTTP: sent, tried again where that does nothing twice, and their answers read.

A call whose answer was lost is repeated if it can be: a submit carries an idempotency key, so it is found again.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from enum import Enum
from typing import Any, Final, NoReturn, TypeVar
from urllib.parse import urlencode

import httpx2
import msgspec
from msgspec import UNSET

from treadle import tracing
from treadle.client.remote.calls import Answer, AsyncPages, Call, Page
from treadle.client.remote.place import Place, trusting
from treadle.client.remote.refusals import EventsLost, Refusal, to_error, to_refusal
from treadle.domain import json
from treadle.domain.errors import InvalidInput, TreadleError, Unavailable
from treadle.domain.submitting import check_key

T = TypeVar("T")

PREFIX: Final = "/api/v1"
SILENCE_SECONDS: Final = 45.0
"""How long a server may say nothing; an open stream is kept alive every 15 s."""

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 10.0
"""A server that asks for a longer pause is not waited for: the caller is told."""

_AGAIN: Final = frozenset({429, 503})
"""Nothing was done, and the same call may succeed later."""

_GATEWAY: Final = frozenset({502, 504})
"""A proxy had no answer of the server: whether it did anything is not known."""

_END: Final = "end"

_UNSENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


class Transport:
    """The connection to one server. `retries` is how often a call is made again."""

    def __init__(self, place: Place, retries: int) -> None:
        self.place = place
        self._retries = retries

    async def open(self) -> None:
        """To be called in the loop in which it is used."""
        self._http = httpx2.AsyncClient(
            base_url=self.place.url + PREFIX,
            headers=self.place.headers,
            timeout=httpx2.Timeout(SILENCE_SECONDS, connect=10.0),
            verify=trusting(self.place.certificate) if self.place.certificate else True,
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def call(self, call: Call[T]) -> T:
        """What a call is answered."""
        return (await self.answer(call)).value

    def pages(self, call: Call[Page[T]]) -> AsyncPages[T]:
        """A list."""
        return AsyncPages(self.call, call)

    async def answer(self, call: Call[T]) -> Answer[T]:
        """What a call is answered, with the headers. Raises the error that the server says, and Unavailable."""
        request = self._http.build_request(**self._request(call))
        pauses = self._pauses()
        while True:
            try:
                response = await self._http.send(request)
            except httpx2.TransportError as error:
                if not (call.repeatable or isinstance(error, _UNSENT)) or (pause := next(pauses, None)) is None:
                    self._no_answer(error)
            else:
                if response.is_success or response.status_code in call.fine:
                    return Answer(_read(call, response.content), response.headers)
                pause = _pause_after(response, next(pauses, None), repeatable=call.repeatable)
                if pause is None:
                    raise _refused(response)
            await asyncio.sleep(pause)

    async def follow(self, call: Call[T]) -> AsyncIterator[T]:
        """What a stream tells, until the server says that it is its end. Where it breaks off it is taken up again.

        Raises EventsLost where something between was not kept, and as `answer` does.
        """
        last, pauses = "", self._pauses()
        while True:
            try:
                async with self._http.stream(**self._request(call, last)) as response:
                    if response.is_success:
                        async for event in httpx2.EventSource(response):
                            if event.event == _END:
                                return
                            if event.retry is None:  # which is how each stream begins
                                pauses = self._pauses()
                            last = event.id
                            if event.data:
                                yield _told(call, event)
                        if (pause := next(pauses, None)) is None:
                            raise Unavailable(f"{self.place.url} ends the stream as soon as it has begun")
                    else:
                        await response.aread()
                        pause = _pause_after(response, next(pauses, None), repeatable=True)
                        if pause is None:
                            raise _refused(response)
            except httpx2.TransportError as error:
                if (pause := next(pauses, None)) is None:
                    self._no_answer(error)
            await asyncio.sleep(pause)

    def _request(self, call: Call[Any], last: str | None = None) -> dict[str, Any]:
        """The arguments of a request; of a stream where `last` is the id of the event that was seen last, or empty."""
        headers = {"Accept": "application/json" if last is None else "text/event-stream"}
        if traceparent := tracing.current():
            headers["traceparent"] = traceparent
        if last:
            headers["Last-Event-ID"] = last
        if call.key is not UNSET:
            headers["Idempotency-Key"] = uuid.uuid4().hex if call.key is None else _checked(call.key)
        if call.if_match is not None:
            headers["If-Match"] = f'"{call.if_match}"'
        if call.body is not UNSET:
            headers["Content-Type"] = "application/json"
        query = {name: _written(value) for name, value in call.query.items() if value is not None}
        return {
            "method": call.method,
            "url": f"{call.path}?{urlencode(query, doseq=True)}" if query else call.path,
            "headers": headers,
            "content": None if call.body is UNSET else _encoded(call.body),
        }

    def _pauses(self) -> Iterator[float]:
        """How long to wait before each further try, in seconds."""
        for tries in range(self._retries):
            yield random.uniform(0.5, 1.0) * min(_FIRST_PAUSE * 2**tries, _LONGEST_PAUSE)  # noqa: S311 - no secret

    def _no_answer(self, error: httpx2.TransportError) -> NoReturn:
        raise Unavailable(f"no answer from {self.place.url}: {str(error) or type(error).__name__}") from error


def _pause_after(response: httpx2.Response, pause: float | None, *, repeatable: bool) -> float | None:
    """How long to wait before a refused call is made again; None where that would not help, or is not to be done."""
    if pause is None:
        return None
    if response.status_code in _GATEWAY:
        return pause if repeatable else None
    if response.status_code not in _AGAIN or "retry-after" not in response.headers or _said(response).code == "moved":
        return None
    asked = _retry_after(response)
    return max(pause, asked) if asked <= _LONGEST_PAUSE else None


def _checked(key: object) -> str:
    """A key that a header can carry. Raises InvalidInput."""
    check_key(key)
    return str(key)


def _said(response: httpx2.Response) -> Refusal:
    return to_refusal(response.content)


def _refused(response: httpx2.Response) -> TreadleError:
    return to_error(response.status_code, _said(response), _retry_after(response))


def _retry_after(response: httpx2.Response) -> int:
    """In how many seconds the server wants to be asked again."""
    said = response.headers.get("retry-after", "")
    return int(said) if said.isdigit() else 1


def _read(call: Call[T], data: bytes) -> T:
    """The answer of a call. Raises Unavailable for what no server of Treadle's says."""
    try:
        answer: T = msgspec.json.decode(data or b"null", type=call.answer)
    except msgspec.MsgspecError as error:
        message = f"{call.method} {call.path} was answered what this client does not understand"
        raise Unavailable(f"{message}: {error}; is the server of another release?") from error
    return answer


def _told(call: Call[T], event: httpx2.ServerSentEvent) -> T:
    """What an event of a stream says. Raises EventsLost, and the error with which the server ends the stream."""
    data = event.data.encode()
    if event.event == "reset":
        raise EventsLost(int(event.id))
    if event.event == "error":
        raise to_error(500, to_refusal(data))
    return _read(call, data)


def _written(value: object) -> object:
    """A query value as it is written."""
    if isinstance(value, list | tuple | set | frozenset):
        return [_written(each) for each in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def _encoded(body: object) -> bytes:
    if problems := list(json.infinities(body)):
        raise InvalidInput(problems)
    try:
        return json.encode(body)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"this cannot be sent as JSON: {error}") from error
