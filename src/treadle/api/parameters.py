"""What a call says in its query and its headers: nothing that its route does not have, and of one thing one word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from treadle.domain.errors import InvalidInput, Problem, below
from treadle.domain.shapes import said_twice, unknown_key

_AUTHORIZATION: Final = "authorization"
_IF_MATCH: Final = "if-match"
_SLASH: Final = b"%2f"
_ANY_PATH: Final = ":path}"


async def known_parameters(request: Request) -> None:
    """Refuses query parameters that the route does not have, and those and headers that say two things of one.

    A path with a NUL is refused here, as PostgreSQL would: by the same answer on every engine; and one with a slash
    that is encoded in a name, which would lead to another route.
    """
    if "\0" in request.scope["path"]:
        raise InvalidInput([Problem("/path", "no name has a NUL in it")])
    route = request.scope["route"]
    assert isinstance(route, APIRoute)  # noqa: S101
    if _SLASH in request.scope["state"]["raw_path"].lower() and _ANY_PATH not in route.path:
        raise InvalidInput([Problem("/path", "no name has a slash in it, encoded or not")])
    problems: list[Problem] = []
    if request.scope["query_string"]:
        known = {field.alias: field for part in _parts(route.dependant) for field in part.query_params}
        for name, times in Counter(name for name, _ in request.query_params.multi_items()).items():
            if name not in known:
                problems.append(unknown_key("/query", name, known))
            elif times > 1 and not _takes_several(known[name].field_info.annotation):
                problems.append(said_twice("/query", name))
    names = request.headers.keys()
    if len(names) > len(set(names)) or _IF_MATCH in names:
        taken = {field.alias for part in _parts(route.dependant) for field in part.header_params}
        single = {_AUTHORIZATION, *taken}
        problems += [said_twice("/header", name) for name, n in Counter(names).items() if n > 1 and name in single]
        if _IF_MATCH in names and _IF_MATCH not in taken:
            message = "is not taken here: what this call does is not judged by what was read before"
            problems.append(Problem(below("/header", _IF_MATCH), message, "not_taken"))
    if problems:
        raise InvalidInput(problems)


def _parts(dependant: Dependant) -> Iterator[Dependant]:
    """A route's dependant, and all on which it depends."""
    yield dependant
    for each in dependant.dependencies:
        yield from _parts(each)


def _takes_several(kind: object) -> bool:
    """Whether a parameter is a list, or one or None."""
    return any(get_origin(each) is list for each in (kind, *get_args(kind)))
