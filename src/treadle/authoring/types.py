"""`JobType` and `JobRegistry`: the jobs that this process has seen declared, by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, final

from treadle.client import managed
from treadle.domain.errors import nearest

if TYPE_CHECKING:
    from treadle.authoring.decorators import AnyHandler

_NO_LETTER: Final = re.compile(r"[^A-Z0-9]+")
_declared: Final[dict[str, AnyHandler]] = {}


def constant_name(job_id: str) -> str:
    """A job's id as a constant or the beginning of a variable: `MY_JOB` for `my_job`, `my.job` and `my-job`."""
    return _NO_LETTER.sub("_", job_id.upper()).strip("_")


def remember(handler: AnyHandler) -> None:
    """Take notice of a declared job. One declared again under its id takes the place of the one before."""
    _declared[handler.spec.job_id] = handler


def forget(package: str) -> None:
    """Forget the jobs that the modules of a package have declared."""
    for job_id, handler in list(_declared.items()):
        if handler.function.__module__.startswith(f"{package}."):
            del _declared[job_id]


class _Constants(type):
    def __getattr__(cls, name: str) -> str:
        """The id of the job whose constant this is. Raises AttributeError where there is none, or more than one."""
        found = [job_id for job_id in _declared if constant_name(job_id) == name]
        if len(found) == 1:
            return found[0]
        if found:
            raise AttributeError(f"{name} is any of {', '.join(sorted(found))}: use the job's id")
        raise AttributeError(f"no job {name} is declared{nearest(name, map(constant_name, _declared))}")


@final
class JobType(metaclass=_Constants):
    """The types of jobs: `JobType.MY_AWESOME_JOB` is `"my_awesome_job"` as soon as a job of that id is declared.

    `QUERY` and `AGENT` are always there: they are what `JobManager` makes jobs of.
    """

    AGENT: Final = managed.AGENT
    QUERY: Final = managed.QUERY

    @staticmethod
    def get_all_job_types() -> list[str]:
        """The ids of all jobs, sorted."""
        return sorted(_declared)


@final
class JobRegistry:
    """The jobs that were declared, for looking at."""

    @staticmethod
    def list_jobs() -> list[AnyHandler]:
        """The handlers of all jobs, by id: each with its `spec` and its `source`."""
        return [_declared[job_id] for job_id in sorted(_declared)]
