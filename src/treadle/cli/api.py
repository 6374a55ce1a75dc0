"""`treadle api`: a call to the API as one types it; without a call, the API itself."""

from __future__ import annotations

import json as jsonlib
import sys
from http.client import HTTPResponse
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlsplit

from cyclopts import Parameter

from treadle.cli.finding import find_server
from treadle.cli.inputs import as_value, read_file
from treadle.cli.options import Where
from treadle.cli.output import written
from treadle.domain.errors import InvalidInput, Problem

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PREFIXES: Final = ("/api/v1", "/api")
_READS: Final = "GET"
_REFUSALS: Final = range(400, 600)
"""Statuses whose answers are printed too, before they count as errors."""
_POSITIONED: Final = ("/events", "/logs")
"""Lists that go on beyond a position, and by no cursor."""

Fields = Annotated[
    list[str] | None,
    Parameter(name=["--field", "-f"], help="NAME=VALUE, as JSON or text: of the query of a GET, else of the body."),
]


def api(
    method: Annotated[str | None, Parameter(help="GET, POST, PUT, PATCH or DELETE.")] = None,
    path: Annotated[str | None, Parameter(help="A path of the API, such as /jobs.")] = None,
    /,
    *,
    field: Fields = None,
    input: Annotated[str | None, Parameter(help="The body: JSON, or @FILE, or @- for standard input.")] = None,  # noqa: A002 - the option's name
    paginate: Annotated[bool, Parameter(help="Go on over all pages of a list, an item a line.")] = False,
    include: Annotated[bool, Parameter(name=["--include", "-i"], help="Tell status and headers too.")] = False,
    host: Annotated[str | None, Parameter(help="Without a call: address to listen on; 127.0.0.1 by default.")] = None,
    port: Annotated[int | None, Parameter(help="Without a call: port to listen on; 8000, 0 for a free one.")] = None,
    where: Where = None,
) -> None:
    """Calls the API and prints what it answers. Without a call it runs the HTTP API alone.

    Example: treadle api GET /runs -f status=failed --paginate
    """
    if method is None:
        if field or input or paginate or include or (where and where.profile):
            raise InvalidInput([Problem("/method", "say METHOD and PATH; without them the API itself is run")])
        from treadle.cli.services import api as serve

        serve(host=host, port=port, data=where.data if where else None)
    if host is not None or port is not None:
        raise InvalidInput([Problem("/host", "--host and --port are for running the API: leave them out of a call")])
    _call(where, _method(method), _path(path), field or [], input, paginate=paginate, include=include)


def _call(
    where: Where, method: str, path: str, fields: list[str], given: str | None, *, paginate: bool, include: bool
) -> None:
    server = find_server(where)
    parts = urlsplit(path)
    query: dict[str, Any] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        query.setdefault(name, []).append(value)
    body = None
    if method == _READS:
        if given is not None:
            raise InvalidInput([Problem("/input", "is a body, and a GET has none: say its query by --field")])
        for name, text in map(_pair, fields):
            query.setdefault(name, []).append(text)
    else:
        body = _body(fields, given)
    if paginate:
        if method != _READS:
            raise InvalidInput([Problem("/paginate", "goes with GET alone")])
        if include:
            raise InvalidInput([Problem("/include", "tells the head of one answer: leave it out beside --paginate")])
        by = "after" if parts.path.endswith(_POSITIONED) else "cursor"
        for item in server.pages(parts.path, by=by, **query):
            _write(item)
        return
    with server.answer(method, parts.path, body, query, fine=_REFUSALS) as answer:
        if include:
            _tell_head(answer)
        said = answer.read()
    if said:
        looks_like_json = "json" in (answer.headers["Content-Type"] or "")
        _write(jsonlib.loads(said)) if looks_like_json else sys.stdout.write(said.decode())
    if answer.status in _REFUSALS:
        raise server.refusal(parts.path, answer, said)


def _method(text: str) -> str:
    if (method := text.upper()) not in _METHODS:
        raise InvalidInput([Problem("/method", f"{text!r:.40} is none of {', '.join(_METHODS)}")])
    return method


def _path(text: str | None) -> str:
    """The path below the API's prefix."""
    if text is None:
        raise InvalidInput([Problem("/path", "is needed beside the method: a path such as /jobs")])
    if not text.startswith("/"):
        raise InvalidInput([Problem("/path", f"{text!r:.60} is no path such as /jobs")])
    prefix = next((each for each in _PREFIXES if text.startswith(f"{each}/")), "")
    return text.removeprefix(prefix)


def _body(fields: list[str], given: str | None) -> Any:
    if given is None:
        return {name: as_value(text) for name, text in map(_pair, fields)} or None
    if fields:
        raise InvalidInput([Problem("/input", "is the whole body: leave --field out beside it")])
    from treadle.domain.documents import load_json

    return load_json(read_file(given[1:]) if given.startswith("@") else given.encode())


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise InvalidInput([Problem("/field", f"{text!r:.60} is not NAME=VALUE")])
    return name, value


def _write(value: Any) -> None:
    """On a terminal spread out for people, else a line."""
    indent = 2 if sys.stdout.isatty() else None
    separators = None if indent else (",", ":")
    sys.stdout.write(written(jsonlib.dumps(value, ensure_ascii=False, indent=indent, separators=separators)) + "\n")
    sys.stdout.flush()


def _tell_head(answer: HTTPResponse) -> None:
    sys.stderr.write(f"HTTP {answer.status} {answer.reason}\n")
    sys.stderr.writelines(f"{name}: {value}\n" for name, value in answer.headers.items())
