"""Moments in query parameters."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.instants import Instant
from treadle.domain.submitting import read_moment

Moment = Annotated[str | None, Query(description="RFC 3339 with an offset.", json_schema_extra={"format": "date-time"})]


def read_moments(**texts: str | None) -> tuple[Instant | None, ...]:
    """The moments of query parameters, by their names. Raises InvalidInput naming each that is none."""
    problems: list[Problem] = []
    moments = tuple(
        None if text is None else read_moment(text, f"/query/{name}", problems) for name, text in texts.items()
    )
    if problems:
        raise InvalidInput(problems)
    return moments
