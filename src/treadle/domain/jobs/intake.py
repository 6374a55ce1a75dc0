"""The `messages` of a job's document and the intake that they mean."""

from __future__ import annotations

from typing import Final

from treadle.domain.errors import Problem
from treadle.domain.jobs.document import JobDocument
from treadle.domain.jobs.saying import said
from treadle.domain.messages import Intake
from treadle.domain.work import Executor, PythonHandler

_AT: Final = "/messages"


def read_intake(document: JobDocument, problems: list[Problem]) -> Intake | None:
    """Which messages the job's runs take, None where none; the faults go to `problems`."""
    messages = document.messages
    if messages is None:
        return None
    batch_size = said({f"{_AT}/batch_size": messages.batch_size, "/batch_size": document.batch_size}, problems)
    preserve_order = said(
        {f"{_AT}/preserve_order": messages.preserve_order, "/preserve_order": document.preserve_order}, problems
    )
    given = {"batch_size": batch_size, "max_attempts": messages.max_attempts}
    return Intake(
        type=messages.type,
        preserve_order=bool(preserve_order),
        trigger=bool(messages.trigger),
        **{key: value for key, value in given.items() if value is not None},
    )


def read_batch_size(document: JobDocument, executor: Executor, problems: list[Problem]) -> int | None:
    """How many things a handler deals with at once that takes no messages; the faults go to `problems`."""
    if document.messages is not None or document.batch_size is None:
        return None
    if not isinstance(executor, PythonHandler):
        message = "of a program means its messages: give messages, with their type"
        problems.append(Problem("/batch_size", message, "conflict"))
    return document.batch_size
