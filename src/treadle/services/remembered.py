"""What sources, whose definitions come from files, said last; and what that tells of the handlers in these files."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.jobs import JobSpec
from treadle.domain.work import PythonHandler
from treadle.engines.contract import Document, Engine

KIND: Final = "source"


class Failed(Struct, frozen=True):
    """A file that cannot be used, and why; `traceback` begins in it."""

    file: str
    message: str
    traceback: str


class Remembered(Struct, frozen=True, omit_defaults=True):
    """What a source said last: its jobs as (file, digest of the spec), and its schedules as (job id, digest).

    `ruled` are those of its jobs whose handlers have a rule of their own for retries.
    """

    jobs: dict[str, tuple[str, str]] = {}
    schedules: dict[str, tuple[str, str]] = {}
    ruled: frozenset[str] = frozenset()
    failures: tuple[Failed, ...] = ()


_decoder: Final = msgspec.json.Decoder(Remembered)


async def remembered(engine: Engine, domain: str, source: str) -> Remembered:
    """What a source said last; of one that never said anything, nothing."""
    document = await engine.documents.get(domain, KIND, source)
    return Remembered() if document is None else to_remembered(document)


def to_remembered(document: Document) -> Remembered:
    """What the document of a source holds."""
    return _decoder.decode(document.body)


async def check_rule(engine: Engine, domain: str, spec: JobSpec) -> None:
    """Refuse retries by the rule of a handler whose file declares none; of others only workers know.

    Raises InvalidInput.
    """
    if not (spec.work.retry.custom and isinstance(spec.work.executor, PythonHandler)):
        return
    handler, after = spec.work.executor.handler, ""
    while documents := await engine.documents.find(domain, KIND, after=after):
        for document in documents:
            said = to_remembered(document)
            if handler in said.jobs and handler not in said.ruled:
                message = (
                    f'"custom" asks the rule of the handler {handler!r}, which has none: write '
                    f'@job("{handler}", retry=rule), where rule(error, failures) answers seconds, or None to give up'
                )
                raise InvalidInput([Problem("/retry_policy/strategy", message, "conflict")])
        after = documents[-1].id
