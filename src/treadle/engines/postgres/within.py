"""The transactions of callers: what is stored in one is there if and only if its owner commits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from treadle.domain.errors import InvalidInput, Unavailable
from treadle.engines.postgres.lending import Lent, borrow
from treadle.engines.postgres.notices import CHANNEL
from treadle.engines.postgres.writer import TRIES, Transaction, end_batch
from treadle.engines.sql.transaction import Raced

T = TypeVar("T")

_SAVE: Final = "SAVEPOINT treadle_within"
_UNDO: Final = "ROLLBACK TO SAVEPOINT treadle_within"
_KEEP: Final = "RELEASE SAVEPOINT treadle_within"
_ENTER: Final = "SELECT id, nextval('treadle.batch_ids') FROM treadle.installation"

_NO_TRANSACTION: Final = "25P01"
_NOT_HERE: Final = frozenset({"3F000", "42P01"})
"""What servers answer where there is no such schema or table."""


class Within:
    """Runs functions in transactions of callers, undone where they fail; nothing else of a transaction is touched.

    Whom they wake is told with the commit. Errors of the caller's library are the caller's, and are not translated.
    """

    def __init__(self, installation: str) -> None:
        self._installation = installation

    async def __call__(self, connection: object, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """What `work` answers. Raises InvalidInput where the connection cannot be used, with what would be right."""
        lent = await borrow(connection)
        return await lent.run(lambda: self._work(lent, work))

    async def _work(self, lent: Lent, work: Callable[[Transaction], Awaitable[T]]) -> T:
        await _save(lent)
        try:
            batch = await self._enter(lent)
            for _ in range(TRIES):
                transaction = Transaction(lent, batch, lent=True)
                try:
                    result = await work(transaction)
                except Raced:
                    await lent.execute(_UNDO)
                    continue
                await lent.execute(f"{end_batch(transaction)}{_notify(transaction)}{_KEEP}")
                return result
        except BaseException:
            await lent.execute(f"{_UNDO}; {_KEEP}")
            raise
        await lent.execute(_KEEP)
        raise Unavailable("other transactions were in the way for too long; nothing was stored")

    async def _enter(self, lent: Lent) -> int:
        """An id for a batch of events, from the database that is to be this one."""
        message = "connection= is to another database: it is to be of the one that TREADLE_DATABASE_URL names"
        try:
            ((installation, batch),) = await lent.fetch(_ENTER)
        except Exception as error:
            if _state(error) in _NOT_HERE:
                raise InvalidInput(message) from error
            raise
        if installation != self._installation:
            raise InvalidInput(message)
        return int(batch)


async def _save(lent: Lent) -> None:
    try:
        await lent.execute(_SAVE)
    except Exception as error:
        if _state(error) == _NO_TRANSACTION:
            message = "connection= is in no transaction, so nothing could undo the submit: begin one, or leave it out"
            raise InvalidInput(message) from error
        raise


def _notify(transaction: Transaction) -> str:
    """Wakes everybody once the transaction is committed, those of this process too: nobody here knows when that is."""
    if not transaction.topics:
        return ""
    return f"SELECT pg_notify('{CHANNEL}', '- {' '.join(sorted(transaction.topics))}'); "


def _state(error: Exception) -> str | None:
    """The server's code of an error, as the libraries call it."""
    found: str | None = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    return found
