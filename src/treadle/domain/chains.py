"""Chains of jobs: those whose runs a job waits for, and those after whose runs it is run. They form no circle."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from msgspec import Struct

from treadle.domain.conditions import Condition
from treadle.domain.errors import Problem


class AfterJoin(StrEnum):
    """When a job runs after several others: once each has completed since the last time, or after each run of any."""

    ALL = "all"
    ANY = "any"


class After(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, rename={"condition": "if"}):
    """A job after whose completed runs another is run, with a condition on their results."""

    job: str
    condition: Condition | None = None


class Chain(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a job hangs on others.

    A run of it waits for the unfinished runs of its `dependencies`, and where one of these has none, for how its newest
    ended. A run of it is submitted when runs of the jobs of `after` have completed.
    """

    dependencies: tuple[str, ...] = ()
    after: tuple[After, ...] = ()
    after_join: AfterJoin = AfterJoin.ALL

    @property
    def links(self) -> Links:
        """The other jobs alone."""
        return Links(self.dependencies, tuple(each.job for each in self.after))


class Links(Struct, frozen=True):
    """The ids of the jobs that a job names."""

    dependencies: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def link_problems(
    job_id: str, links: Links, others: Mapping[str, Collection[str]], known: Collection[str]
) -> list[Problem]:
    """What keeps a job from hanging on others: one that is not `known`, or a circle.

    `others` are the jobs named by each of the others.
    """
    problems = []
    for key, named in (("dependencies", links.dependencies), ("after", links.after)):
        for index, other in enumerate(named):
            at = f"/{key}/{index}"
            if other == job_id:
                problems.append(Problem(at, f"makes a circle: {job_id} -> {job_id}", "cycle"))
            elif other not in known:
                problems.append(Problem(at, f"there is no job {other}", "job_missing"))
            elif path := find_path(others, other, job_id):
                problems.append(Problem(at, f"makes a circle: {' -> '.join([job_id, *path])}", "cycle"))
    return problems


def find_path(named: Mapping[str, Collection[str]], start: str, end: str) -> list[str] | None:
    """A way from one job to another along what they name, both ends included; None where there is none."""
    came_from = {start: start}
    todo = [start]
    while todo and end not in came_from:
        here = todo.pop()
        for there in named.get(here, ()):
            if there not in came_from:
                came_from[there] = here
                todo.append(there)
    if end not in came_from:
        return None
    path = [end]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return path[::-1]
