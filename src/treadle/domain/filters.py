"""Which runs are asked for: what people say, wherever runs are listed or selected, and what engines make of it."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from msgspec import Meta, Struct

from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.instants import Instant
from treadle.domain.runs import State
from treadle.domain.searching import Found, search_text
from treadle.domain.submitting import read_moment

MAX_WORDS: Final = 100
MAX_RUNS: Final = 1_000

# An empty list is refused: whoever means "of none" would be given all.
_Words: TypeAlias = Annotated[tuple[str, ...], Meta(min_length=1, max_length=MAX_WORDS)]
_RunIds: TypeAlias = Annotated[tuple[str, ...], Meta(min_length=1, max_length=MAX_RUNS)]
_Moment: TypeAlias = Annotated[
    str | None, Meta(description="RFC 3339 with an offset.", extra_json_schema={"format": "date-time"})
]

_MOMENTS: Final = ("created_after", "created_before", "finished_after", "finished_before")


class RunsWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which runs are wanted. Several values of one key mean any of them; what several keys say must all hold.

    `where` holds texts such as `customer.id=42`, with paths that jobs declare as `searchable`; several of one path mean
    any of its values. `tag` is one of the job's, as it is defined now.
    """

    run: Annotated[_RunIds, Meta(description="These alone, by their ids.")] = ()
    status: Annotated[tuple[State, ...], Meta(min_length=1, max_length=len(State))] = ()
    job: _Words = ()
    queue: _Words = ()
    tag: _Words = ()
    where: Annotated[_Words, Meta(description="Values of searchable inputs, such as `customer.id=42`.")] = ()
    q: Annotated[
        Annotated[str, Meta(min_length=1, max_length=200)] | None,
        Meta(description="In the job's id or name, or where the run's id begins."),
    ] = None
    created_after: _Moment = None
    created_before: _Moment = None
    finished_after: _Moment = None
    finished_before: _Moment = None
    failure_group: Annotated[_Words, Meta(description="Failed runs of this group of equal failures.")] = ()
    dead_letters: Annotated[bool, Meta(description="Only failed runs that nobody has retried or discarded.")] = False

    def moments(self, at: str) -> dict[str, Instant | None]:
        """From when on, and before when, they were created and have ended, by the names of the fields of `RunFilter`.

        Raises InvalidInput; `at` is the pointer of the filter.
        """
        problems: list[Problem] = []
        texts = {name: getattr(self, name) for name in _MOMENTS}
        read = {
            name: None if text is None else read_moment(text, f"{at}/{name}", problems) for name, text in texts.items()
        }
        if problems:
            raise InvalidInput(problems)
        return read

    def values(self, at: str) -> dict[str, tuple[str, ...]]:
        """The values that are wanted of each path. Raises InvalidInput for what is no `path=value`."""
        problems: list[Problem] = []
        wanted: dict[str, tuple[str, ...]] = {}
        for index, text in enumerate(self.where):
            path, equals, value = text.partition("=")
            if not (path and equals):
                problems.append(Problem(f"{at}/where/{index}", f"{text!r:.60} is not path=value, as customer.id=42"))
            wanted[path] = (*wanted.get(path, ()), search_text(value))
        if problems:
            raise InvalidInput(problems)
        return wanted


class RunFilter(Struct, frozen=True, kw_only=True):
    """Which runs to look for; several values of one field mean any of them.

    `where` has paths with the values wanted there, all of which must be met. `prefix` is how their ids begin. Each
    `…_after` is inclusive, each `…_before` exclusive. `dead` are dead letters alone.
    """

    run_ids: tuple[str, ...] = ()
    states: tuple[State, ...] = ()
    job_ids: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    prefix: str | None = None
    created_after: Instant | None = None
    created_before: Instant | None = None
    finished_after: Instant | None = None
    finished_before: Instant | None = None
    dead: bool = False

    @property
    def ended(self) -> bool:
        """Whether only runs that have ended are looked for."""
        return self.dead or self.finished_after is not None or self.finished_before is not None

    def filed(self, found: Found) -> bool:
        """Whether a run that is filed under these values is one of them."""
        under = dict(found)
        return all(under.get(path) in values for path, values in self.where)

    @property
    def beyond(self) -> str | None:
        """An id that is greater than all that begin with `prefix`, and than no other."""
        return None if self.prefix is None else self.prefix + "\U0010ffff"
