"""Sources as they are answered."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from treadle.services.sources import Source as Found


class FailedFile(Struct, frozen=True, kw_only=True):
    """A file that cannot be used: what its jobs were before goes on."""

    file: Annotated[str, Meta(examples=["tasks/report.py"])]
    message: str
    traceback: Annotated[str, Meta(description="From the file on.")]


class Source(Struct, frozen=True, kw_only=True):
    """A folder of task files, or a scheduler.yaml, as it was read last."""

    name: Annotated[str, Meta(examples=["tasks"])]
    jobs: Annotated[list[str], Meta(description="The ids of the jobs that it declares.")]
    failures: list[FailedFile]


class SourceList(Struct, frozen=True, kw_only=True):
    """Sources by name: there are few, so there is no next page."""

    items: list[Source]


def to_source(found: Found) -> Source:
    """A source as it is answered."""
    failures = [FailedFile(file=each.file, message=each.message, traceback=each.traceback) for each in found.failures]
    return Source(name=found.name, jobs=found.jobs, failures=failures)
