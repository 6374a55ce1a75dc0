"""From a URL to an open engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from treadle.domain.errors import InvalidInput, NotFound
from treadle.engines.contract import Engine
from treadle.engines.moving import Source, Target
from treadle.system import Clock

_SCHEMES: Final = ("sqlite", "postgresql", "postgres")


async def open_engine(url: str, clock: Clock) -> Engine:
    """An open engine for `sqlite:///path/to/file.db`, `?synchronous=NORMAL` by choice, or for
    `postgresql://user:password@host:port/database`; its options are told at `postgres.options.read_url`.

    Raises InvalidInput for a URL that names no engine, SchemaTooNew and Unavailable as the engine does.
    """
    scheme = _scheme(url)
    if scheme not in _SCHEMES:
        raise InvalidInput(
            f"{_shown(url)} names no engine: it begins with none of {', '.join(f'{s}://' for s in _SCHEMES)}"
        )
    if scheme == "sqlite":
        return await _open_sqlite(url, clock)
    from treadle.engines.postgres.engine import open_postgres

    return await open_postgres(url)


@asynccontextmanager
async def open_move(source: str, target: str) -> AsyncIterator[tuple[Source, Target]]:
    """The two sides of a move, by their URLs, until the block ends.

    Raises InvalidInput where either is none that can be moved from or to, NotFound where there is nothing to move, and
    SchemaTooNew and Unavailable as the engines do.
    """
    if _scheme(source) != "sqlite":
        raise InvalidInput("what is moved lies on SQLite: unset TREADLE_DATABASE_URL, and name the folder by --data")
    if _scheme(target) not in ("postgresql", "postgres"):
        raise InvalidInput(f"--to {_shown(target)} is no URL such as postgresql://user:password@host:5432/database")
    path = _sqlite_path(source)[0]
    if not path.exists():
        raise NotFound(f"there is no database {path}")
    from treadle.engines.postgres.moving import open_target
    from treadle.engines.sqlite.moving import SqliteSource

    side = SqliteSource(path)
    try:
        async with open_target(target) as other:
            yield side, other
    finally:
        side.disconnect()


def _scheme(url: str) -> str:
    """How a URL begins. Without slashes after it what follows would be a path, and so a socket or a file nearby."""
    scheme, mark, _ = url.partition("://")
    return scheme.lower() if mark else ""


def _shown(url: str) -> str:
    """A URL that cannot be used, for messages: how it begins, for a password may follow."""
    scheme, mark, _ = url.partition("://")
    return f"'{scheme}://…'" if mark else "what is given"


async def _open_sqlite(url: str, clock: Clock) -> Engine:
    from treadle.engines.sqlite.engine import open_sqlite

    path, synchronous = _sqlite_path(url)
    return await open_sqlite(path, clock, synchronous="NORMAL" if synchronous == "NORMAL" else "FULL")


def _sqlite_path(url: str) -> tuple[Path, str]:
    """The file in a URL, and how commits are brought to the disk. Raises InvalidInput."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    synchronous = options.pop("synchronous", "FULL")
    if options:
        raise InvalidInput(f"unknown option {next(iter(options))!r} in {url!r}: there is `synchronous`")
    if synchronous not in ("FULL", "NORMAL"):
        raise InvalidInput(f"synchronous={synchronous} in {url!r}: it is FULL or NORMAL")
    if parts.netloc or not parts.path.lstrip("/"):
        raise InvalidInput(f"{url!r} names no file: write sqlite:///relative.db or sqlite:////absolute.db")
    return Path(parts.path[1:]), synchronous
