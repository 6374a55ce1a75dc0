"""Talking to a server: the calls, and what its answers mean.

The standard library's client does: another's import alone would take a third of the time that a command may take.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Final
from urllib.parse import unquote, urlencode, urlsplit

from treadle.client.remote.place import trusting
from treadle.client.remote.refusals import to_error, to_refusal
from treadle.domain.errors import NotFound, TreadleError, Unauthorized, Unavailable, nearest

PATIENCE_SECONDS: Final = 30.0
"""How long a server may say nothing; an open stream is kept alive every 15 s."""
_PAUSE_SECONDS: Final = 0.5
_NAMED_BY: Final = {"jobs": "job_id", "schedules": "schedule_id", "lanes": "key", "domains": "name"}
"""The lists whose items people name, and by which field."""
_MOST_NAMES: Final = 200


class Server:
    """A server's API, in a domain: empty is that of the token, else the server's own."""

    def __init__(
        self,
        url: str,
        token: str = "",
        domain: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        certificate: str = "",
        remedy: str = "",
    ) -> None:
        """`remedy` says what to do where the token is not accepted."""
        self.url = url.rstrip("/")
        self._certificate = certificate
        self._remedy = remedy
        self.patience = PATIENCE_SECONDS
        self._headers = dict(headers or {})
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        if domain:
            self._headers["Treadle-Domain"] = domain

    def get(self, path: str, **query: object) -> Any:
        """Read. Query values that are None are left out; a list repeats its key."""
        return self._call("GET", path, query=query)

    def post(self, path: str, body: object = None) -> Any:
        """Make or do something."""
        return self._call("POST", path, body)

    def submit(self, path: str, body: object) -> tuple[Any, str | None]:
        """Submit a run; answers it, and where it is not new what became of the submit: `duplicate` or `debounced`."""
        with self.answer("POST", path, body) as answer:
            return json.loads(answer.read()), answer.headers.get("Run-Admission")

    def put(self, path: str, body: object) -> Any:
        """Replace something."""
        return self._call("PUT", path, body)

    def patch(self, path: str, body: object) -> Any:
        """Change part of something."""
        return self._call("PATCH", path, body)

    def delete(self, path: str) -> None:
        """Remove something."""
        self._call("DELETE", path)

    def readiness(self) -> dict[str, Any]:
        """Whether work can be taken now; what cannot is no error here."""
        with self.answer("GET", "/readyz", fine=(503,)) as answer:
            said: dict[str, Any] = json.loads(answer.read())
        return said

    def health(self) -> dict[str, Any]:
        """How the installation is, with all findings; what does not work is no error here."""
        with self.answer("GET", "/health", fine=(503,)) as answer:
            said: dict[str, Any] = json.loads(answer.read())
        return said

    def clock(self) -> datetime:
        """The server's wall clock, to the second."""
        with self.answer("GET", "/healthz") as answer:
            return parsedate_to_datetime(answer.headers["Date"])

    def pages(self, path: str, *, by: str = "cursor", **query: object) -> Iterator[Any]:
        """All items of a list, page after page; `by` is the parameter that takes `next_cursor`."""
        while True:
            page = self.get(path, **query)
            yield from page["items"]
            if not page.get("has_more"):
                return
            query[by] = page["next_cursor"]

    def stream(self, path: str, **query: object) -> Iterator[SentEvent]:
        """Server-sent events, as they come, until one says `end` or `error`.

        A stream that breaks off is taken up again at the last id that was told. Raises Unavailable where there is none
        at first, or none again for `PATIENCE_SECONDS`, and whatever else the server refuses it with.
        """
        last, lost_at = "", None
        while True:
            try:
                resume = {"Last-Event-ID": last} if last else {}
                with self.answer("GET", path, query=query, accept="text/event-stream", headers=resume) as answer:
                    lost_at = None
                    for event in sent_events(answer):
                        last = event.id or last
                        if event.data:
                            yield event
                        if event.kind in ("end", "error"):
                            return
            except (OSError, HTTPException, Unavailable) as error:
                if not last or (lost_at is not None and time.monotonic() - lost_at > PATIENCE_SECONDS):
                    broken = f"the stream from {self.url} broke off: {str(error) or type(error).__name__}"
                    raise Unavailable(broken) from error
            lost_at = lost_at or time.monotonic()
            time.sleep(_PAUSE_SECONDS)

    def _call(self, method: str, path: str, body: object = None, query: Mapping[str, object] | None = None) -> Any:
        with self.answer(method, path, body, query) as answer:
            data = answer.read()
        return json.loads(data) if data else None

    def _connection(self, scheme: str, host: str) -> HTTPConnection:
        if scheme == "http":
            return HTTPConnection(host, timeout=self.patience)
        trusted = trusting(self._certificate) if self._certificate else None
        return HTTPSConnection(host, timeout=self.patience, context=trusted)

    def _with_hint(self, path: str, error: TreadleError) -> TreadleError:
        """The error, with the remedy for a token that is not accepted, or the nearest name to one that is none."""
        if type(error) is Unauthorized and self._remedy:
            return Unauthorized(f"{self.url} does not accept the token: {self._remedy}")
        _, noun, *named = path.split("/")
        if type(error) is not NotFound or not named or noun not in _NAMED_BY:
            return error
        try:
            there = {item[_NAMED_BY[noun]] for item in self.get(f"/{noun}", limit=_MOST_NAMES)["items"]}
        except TreadleError:  # a hint is not worth another error
            return error
        name = unquote(named[0])
        return error if name in there else NotFound(f"{error.message}{nearest(name, there)}")

    @contextmanager
    def answer(
        self,
        method: str,
        path: str,
        body: object = None,
        query: Mapping[str, object] | None = None,
        accept: str = "application/json",
        fine: Sequence[int] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[HTTPResponse]:
        """The answer to one call, to be read within the block. Raises what a refusal means, unless it is `fine`."""
        parts = urlsplit(self.url)
        connection = self._connection(parts.scheme, parts.netloc)
        target = f"{parts.path}/api/v1{path}"
        if given := {key: value for key, value in (query or {}).items() if value is not None}:
            target = f"{target}?{urlencode(given, doseq=True)}"
        headers = {**self._headers, **(headers or {}), "Accept": accept}
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            connection.request(method, target, data, headers)
            answer = connection.getresponse()
        except (OSError, HTTPException) as error:
            connection.close()
            raise Unavailable(f"no answer from {self.url}: {str(error) or type(error).__name__}") from error
        try:
            if answer.status >= 400 and answer.status not in fine:
                raise self.refusal(path, answer, _read(answer))
            yield answer
        finally:
            connection.close()

    def refusal(self, path: str, answer: HTTPResponse, body: bytes) -> TreadleError:
        """What the answer to a refused call means."""
        after = answer.headers.get("Retry-After", "")
        return self._with_hint(path, to_error(answer.status, to_refusal(body), int(after) if after.isdigit() else 1))


class SentEvent:
    """One server-sent event; without data it tells only with which id to come back."""

    def __init__(self, kind: str, id_: str, data: str) -> None:
        self.kind = kind
        self.id = id_
        self.data = data

    def json(self) -> Any:
        """What its data says."""
        return json.loads(self.data)


def sent_events(lines: Iterator[bytes] | HTTPResponse) -> Iterator[SentEvent]:
    """Reads a stream of events."""
    fields: dict[str, list[str]] = {}
    for line in lines:
        if text := line.decode().rstrip("\r\n"):
            name, _, value = text.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
        elif fields:
            kind, id_ = fields.get("event", ["message"])[-1], fields.get("id", [""])[-1]
            yield SentEvent(kind, id_, "\n".join(fields.get("data", ())))
            fields = {}


def _read(answer: HTTPResponse) -> bytes:
    """The body of a refused call; empty where it breaks off."""
    try:
        return answer.read()
    except (HTTPException, OSError):
        return b""
