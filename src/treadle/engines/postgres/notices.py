"""Wake-ups between processes: NOTIFY on one channel, LISTEN on a connection that does nothing else.

A notification is sent after the commit that it tells of, never within: commits that notify wait for each other. What
is told while one is on its way goes with the next. One that is lost costs a poll's delay and nothing else.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import asyncpg
import structlog

from treadle.domain.errors import Unavailable
from treadle.engines.contract import Topic
from treadle.engines.postgres.clock import ServerClock
from treadle.engines.postgres.pool import DRIVER_ERRORS, SILENCE_SECONDS, Failures, connect

CHANNEL: Final = "treadle"

_PAUSE_SECONDS: Final = 0.003
"""How long a process is silent after it has told something: who calls one after the other would tell of each call."""

# A notification has a number of its own in the log: without this its sender would wait until the log is on disk.
_NOTIFY: Final = "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)"

_CHECK_SECONDS: Final = 5.0
"""How often the connection is looked at: one that is dead would hear nothing, and not say so."""

_TROUBLE: Final[Failures] = (Unavailable, *DRIVER_ERRORS)
_logger = structlog.get_logger(__name__)


class Bell:
    """Tells listeners, those of this process at once."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self.name = secrets.token_hex(4)
        self._told: set[Topic] = set()
        self._ringing: asyncio.Task[None] | None = None
        self._listeners: set[ChannelNotices] = set()

    def __call__(self, topics: Iterable[Topic]) -> None:
        """Wake every listener that wants any of the topics."""
        self.tell(topics)
        self._told.update(topics)
        if self._ringing is None:
            self._ringing = asyncio.create_task(self._ring(), name="notify")

    def tell(self, topics: Iterable[str]) -> None:
        """Wake the listeners of this process."""
        told = set(topics)
        for listener in self._listeners:
            listener.hear(told)

    def listen(self, topics: Iterable[Topic]) -> ChannelNotices:
        """A new listener of this process."""
        listener = ChannelNotices(topics, self._listeners)
        self._listeners.add(listener)
        return listener

    async def close(self) -> None:
        """Send what is still to be told."""
        if self._ringing is not None:
            await self._ringing

    async def _ring(self) -> None:
        try:
            if self._told == {Topic.EVENTS}:
                await asyncio.sleep(0)  # what was claimed begins first
            while self._told:
                message = " ".join((self.name, *sorted(self._told)))
                self._told.clear()
                with suppress(*DRIVER_ERRORS):  # listeners poll
                    await self._pool.execute(_NOTIFY, CHANNEL, message)
                await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            self._ringing = None


class Ear:
    """Hears what other processes tell, on a connection of its own which is made anew where it breaks."""

    def __init__(self, dsn: str, bell: Bell, clock: ServerClock) -> None:
        self._dsn = dsn
        self._bell = bell
        self._clock = clock
        self._connection: asyncpg.Connection | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to listen. Raises Unavailable."""
        self._connection = await self._listen()
        self._task = asyncio.create_task(self._watch(), name="notices")

    async def close(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._connection is not None:
            self._connection.terminate()

    async def _listen(self) -> asyncpg.Connection:
        connection = await connect(self._dsn, patience=SILENCE_SECONDS)
        try:
            await connection.add_listener(CHANNEL, self._hear)
        except DRIVER_ERRORS as error:
            connection.terminate()
            raise Unavailable(f"notices cannot be heard: {error}") from error
        return connection

    def _hear(self, _connection: object, _pid: int, _channel: str, message: object) -> None:
        sender, *topics = str(message).split(" ")
        if sender != self._bell.name:  # its own listeners know already
            self._bell.tell(topics)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_CHECK_SECONDS)
            try:
                if self._connection is None:
                    self._connection = await self._listen()
                    self._bell.tell(Topic)  # whatever was told meanwhile was not heard
                await self._clock.ask(self._connection)
            except _TROUBLE as error:
                _logger.warning("notices cannot be heard, listeners poll meanwhile", error=str(error))
                if self._connection is not None:
                    self._connection.terminate()
                    self._connection = None


class ChannelNotices:
    """A listener. Used on the loop of its engine."""

    def __init__(self, topics: Iterable[Topic], others: set[ChannelNotices]) -> None:
        self._topics = frozenset(topics)
        self._others = others
        self._told: set[str] = set()
        self._waiter: asyncio.Future[None] | None = None

    def hear(self, told: set[str]) -> None:
        """Be told."""
        if wanted := told & self._topics:
            self._told |= wanted
            self._wake()

    async def wait(self, patience: float) -> frozenset[str]:
        """See `contract.Notices`."""
        if not self._told:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            timer = loop.call_later(max(patience, 0.0), self._wake)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        told = frozenset(self._told)
        self._told.clear()
        return told

    async def close(self) -> None:
        """See `contract.Notices`."""
        self._others.discard(self)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
