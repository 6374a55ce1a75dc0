"""Talking to a server: where it is, with which token, and what its answers mean.

The standard library's client does: another's import alone would take a third of the time that a command may take.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from treadle.domain.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    MalformedInput,
    NotFound,
    PayloadTooLarge,
    Problem,
    TreadleError,
    Unauthorized,
    Unavailable,
)

DEFAULT_DATA: Final = ".treadle"
PATIENCE_SECONDS: Final = 30.0
"""How long a server may say nothing; an open stream is kept alive every 15 s."""

_ERRORS: Final[dict[int, type[TreadleError]]] = {
    400: MalformedInput,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    413: PayloadTooLarge,
    422: InvalidInput,
}


class Server:
    """A server's API, in a domain: empty is that of the token, else the server's own."""

    def __init__(self, url: str, token: str, domain: str = "") -> None:
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
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
        with self._answer("POST", path, body) as answer:
            return json.loads(answer.read()), answer.headers.get("Run-Admission")

    def put(self, path: str, body: object) -> Any:
        """Replace something."""
        return self._call("PUT", path, body)

    def delete(self, path: str) -> None:
        """Remove something."""
        self._call("DELETE", path)

    def readiness(self) -> dict[str, Any]:
        """Whether work can be taken now; what cannot is no error here."""
        with self._answer("GET", "/readyz", fine=(503,)) as answer:
            said: dict[str, Any] = json.loads(answer.read())
        return said

    def clock(self) -> datetime:
        """The server's wall clock, to the second."""
        with self._answer("GET", "/healthz") as answer:
            return parsedate_to_datetime(answer.headers["Date"])

    def pages(self, path: str, **query: object) -> Iterator[Any]:
        """All items of a list, page after page."""
        cursor: str | None = None
        while True:
            page = self.get(path, cursor=cursor, **query)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def stream(self, path: str, **query: object) -> Iterator[SentEvent]:
        """Server-sent events, as they come, until the server ends them. Raises Unavailable where they break off."""
        with self._answer("GET", path, query=query, accept="text/event-stream") as answer:
            try:
                yield from sent_events(answer)
            except (OSError, HTTPException) as error:
                raise Unavailable(
                    f"the stream from {self.url} broke off: {str(error) or type(error).__name__}"
                ) from error

    def _call(self, method: str, path: str, body: object = None, query: Mapping[str, object] | None = None) -> Any:
        with self._answer(method, path, body, query) as answer:
            data = answer.read()
        return json.loads(data) if data else None

    @contextmanager
    def _answer(
        self,
        method: str,
        path: str,
        body: object = None,
        query: Mapping[str, object] | None = None,
        accept: str = "application/json",
        fine: Sequence[int] = (),
    ) -> Iterator[HTTPResponse]:
        parts = urlsplit(self.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.netloc, timeout=PATIENCE_SECONDS)
        target = f"{parts.path}/api/v1{path}"
        if given := {key: value for key, value in (query or {}).items() if value is not None}:
            target = f"{target}?{urlencode(given, doseq=True)}"
        headers = {**self._headers, "Accept": accept}
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
                raise _refusal(answer)
            yield answer
        finally:
            connection.close()


class SentEvent:
    """One server-sent event."""

    def __init__(self, kind: str, id_: str, data: str) -> None:
        self.kind = kind
        self.id = id_
        self.data = data

    def json(self) -> Any:
        """What its data says."""
        return json.loads(self.data)


def sent_events(lines: Iterator[bytes] | HTTPResponse) -> Iterator[SentEvent]:
    """Reads a stream of events; comments that keep it alive are passed over."""
    fields: dict[str, list[str]] = {}
    for line in lines:
        text = line.decode().rstrip("\r\n")
        if text:
            name, _, value = text.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
        elif "data" in fields:
            kind, id_ = fields.get("event", ["message"])[-1], fields.get("id", [""])[-1]
            yield SentEvent(kind, id_, "\n".join(fields["data"]))
            fields = {}
        else:
            fields = {}


def segment(text: str) -> str:
    """A text as one segment of a path."""
    return quote(text, safe="")


def find_server(data: str | None = None) -> Server:
    """The server that `TREADLE_URL` names, else the one that `treadle up` runs on the data folder.

    `TREADLE_DOMAIN` names the domain to act in. Raises Unavailable where there is no server, Unauthorized where its
    token is not to be had, and InvalidInput for an URL or a token that can be none.
    """
    token = (os.environ.get("TREADLE_TOKEN") or os.environ.get("TREADLE_ADMIN_TOKEN", "")).strip()
    if not (token.isascii() and token.isprintable()):
        raise InvalidInput([Problem("TREADLE_TOKEN", "holds a character that no HTTP header can carry")])
    url, domain = os.environ.get("TREADLE_URL"), os.environ.get("TREADLE_DOMAIN", "")
    folder = Path(data or os.environ.get("TREADLE_DATA") or DEFAULT_DATA)
    if data is None and url:
        _check_url(url)
        if not token:
            raise Unauthorized("TREADLE_URL is set but TREADLE_TOKEN is not: both are needed")
        return Server(url, token, domain)
    try:
        note = json.loads((folder / "server.json").read_text())
        os.kill(note["pid"], 0)
    except (OSError, ValueError, KeyError):
        raise Unavailable(
            f"no server runs on the data folder {folder}: start one by `treadle up`, name its folder by --data, "
            "or set TREADLE_URL and TREADLE_TOKEN"
        ) from None
    if url:
        token = ""  # it is for the server of TREADLE_URL
    try:
        token = token or (folder / "local-token").read_text().strip()
    except OSError as error:
        message = f"the token in {folder} cannot be read ({error.strerror}): set TREADLE_TOKEN"
        raise Unauthorized(message) from error
    return Server(note["url"], token, domain)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # what `port` raises for one that is no number
        sound = False
    if not sound:
        raise InvalidInput([Problem("TREADLE_URL", f"{url!r:.80} is no URL such as http://127.0.0.1:8000")])


def _refusal(answer: HTTPResponse) -> TreadleError:
    """What a refused call means; problem+json says it in detail."""
    try:
        problem = json.loads(answer.read())
        detail = str(problem.get("detail") or problem.get("title") or answer.reason)
    except (ValueError, AttributeError, HTTPException, OSError):
        return Unavailable(f"the server answered {answer.status} {answer.reason}")
    kind = _ERRORS.get(answer.status, Unavailable)
    if kind is InvalidInput and problem.get("errors"):
        return InvalidInput([Problem(each["pointer"], each["message"], each["code"]) for each in problem["errors"]])
    return kind(detail)
