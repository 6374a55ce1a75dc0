"""The client that code without a client of its own uses: the one bound to its context, else one opened for the call.

asyncio is imported where it is used: every task file imports this module, and the process of an isolated sync handler
has no other use for it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from treadle.domain.errors import InvalidInput
from treadle.engines.connections import is_async, session_of

if TYPE_CHECKING:
    import asyncio

    from treadle.client.asynchronous import AsyncClient
    from treadle.settings import Settings

T = TypeVar("T")


class Bound(NamedTuple):
    """Where a context's client comes from, asked for each use, and the loop in which it works."""

    client: Callable[[], AsyncClient]
    loop: asyncio.AbstractEventLoop


bound: Final[ContextVar[Bound | None]] = ContextVar("bound", default=None)

home: Final[ContextVar[Settings | None]] = ContextVar("home", default=None)
"""The installation that a run is of: where its code submits, whatever servers the environment names."""


def sync_only(connection: object | None) -> object | None:
    """A caller's connection as work in another event loop can use it. Raises InvalidInput for an async one."""
    if is_async(connection):
        raise InvalidInput(
            "connection= is an async one, of another event loop than the client's: take an `AsyncClient` opened "
            "in its loop, or a sync connection"
        )
    return session_of(connection)


async def with_client(work: Callable[[AsyncClient], Coroutine[Any, Any, T]], connection: object | None = None) -> T:
    """What work with a client, and with a connection of the caller's, comes to."""
    import asyncio

    found = bound.get()
    if found is None:
        return await _alone(work)
    if found.loop is asyncio.get_running_loop():
        return await work(found.client())
    sync_only(connection)
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work(found.client()), found.loop))


def with_client_here(work: Callable[[AsyncClient], Coroutine[Any, Any, T]], connection: object | None = None) -> T:
    """`with_client` for sync code. Raises InvalidInput in a thread whose event loop it would halt."""
    import asyncio

    sync_only(connection)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        found = bound.get()
        if found is None:
            return asyncio.run(_alone(work))
        return asyncio.run_coroutine_threadsafe(work(found.client()), found.loop).result()
    raise InvalidInput("this would halt the event loop: in async code leave `.sync` out, and await")


async def _alone(work: Callable[[AsyncClient], Coroutine[Any, Any, T]]) -> T:
    from treadle.client.asynchronous import AsyncClient  # which brings an engine: only what opens one pays for it

    async with AsyncClient(home.get()) as client:
        return await work(client)
