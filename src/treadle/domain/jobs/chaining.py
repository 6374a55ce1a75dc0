"""The jobs that a job's document hangs on."""

from __future__ import annotations

from typing import Any

import msgspec

from treadle.domain.chains import After, AfterJoin, Chain
from treadle.domain.conditions import condition_problems
from treadle.domain.errors import Problem
from treadle.domain.jobs.document import JobDocument


def read_chain(document: JobDocument, problems: list[Problem]) -> Chain:
    """What the document says of other jobs; its faults go to `problems`."""
    after = tuple(After(each) if isinstance(each, str) else each for each in document.after or ())
    for index, each in enumerate(after):
        if each.condition is not None:
            problems += condition_problems(each.condition, f"/after/{index}/if")
    for key, named in (("dependencies", document.dependencies or ()), ("after", [each.job for each in after])):
        problems += [
            Problem(f"/{key}/{index}", f"names {job_id} once more", "conflict")
            for index, job_id in enumerate(named)
            if job_id in named[:index]
        ]
    if document.after_join is not None and not after:
        problems.append(Problem("/after_join", "has no effect without after", "conflict"))
    return Chain(dependencies=document.dependencies or (), after=after, after_join=document.after_join or AfterJoin.ALL)


def dump_chain(chain: Chain) -> dict[str, Any]:
    """The chain's part of a document."""
    document: dict[str, Any] = {}
    if chain.dependencies:
        document["dependencies"] = list(chain.dependencies)
    if chain.after:
        document["after"] = [each.job if each.condition is None else msgspec.to_builtins(each) for each in chain.after]
        document["after_join"] = chain.after_join.value
    return document
