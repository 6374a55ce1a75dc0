"""Editing what has a revision: judged by what the caller has read, and written only over just that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeVar

from treadle.domain.errors import Conflict, StaleVersion
from treadle.domain.revisions import check_revision

Thing = TypeVar("Thing")
Result = TypeVar("Result")

_MOST_RACES: Final = 10


async def revise(
    what: str,
    look: Callable[[], Awaitable[Thing]],
    revision: Callable[[Thing], str],
    write: Callable[[Thing], Awaitable[Result]],
    expected: str | None,
) -> Result:
    """Write a thing over the state in which it is, if that is the expected one; None is any.

    `write` raises StaleVersion where another state stands than the one that it is handed. Raises StaleVersion where it
    is not the expected one, and Conflict where others change it all the time.
    """
    for _ in range(_MOST_RACES):
        seen = await look()
        check_revision(what, revision(seen), expected)
        with suppress(StaleVersion):  # somebody was quicker: look again
            return await write(seen)
    raise Conflict(f"{what} is being changed by others all the time: try again")
