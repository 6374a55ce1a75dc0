"""Which runs a command is about: the options by which they are listed and selected."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from cyclopts import Parameter


@Parameter(name="*")
@dataclass(frozen=True)
class Filter:
    """Options of which several of one kind mean any of them, and all kinds must hold."""

    job: Annotated[list[str] | None, Parameter(help="Only runs of this job; may be repeated.")] = None
    status: Annotated[list[str] | None, Parameter(help="Only runs in this status; may be repeated.")] = None
    queue: Annotated[list[str] | None, Parameter(help="Only runs of this queue; may be repeated.")] = None
    tag: Annotated[list[str] | None, Parameter(help="Only runs of jobs with this tag; may be repeated.")] = None
    where: Annotated[
        list[str] | None, Parameter(help="Only runs with PATH=VALUE, of a searchable input; may be repeated.")
    ] = None
    q: Annotated[
        str | None, Parameter(name="--text", help="Only runs with this in the job's id or name, or whose id begins so.")
    ] = None
    created_after: Annotated[str | None, Parameter(help="Only runs submitted from this moment on, RFC 3339.")] = None
    created_before: Annotated[str | None, Parameter(help="Only runs submitted before this moment, RFC 3339.")] = None
    finished_after: Annotated[str | None, Parameter(help="Only runs that ended from this moment on, RFC 3339.")] = None
    finished_before: Annotated[str | None, Parameter(help="Only runs that ended before this moment, RFC 3339.")] = None
    failure_group: Annotated[
        list[str] | None, Parameter(help="Only failed runs of this group of equal failures; may be repeated.")
    ] = None
    dead_letters: Annotated[
        bool, Parameter(negative="", help="Only failed runs that nobody has retried or discarded.")
    ] = False

    def said(self) -> dict[str, Any]:
        """What of them was given, by the keys of the API."""
        return {key: value for key, value in asdict(self).items() if value}


EVERYTHING = Filter()
