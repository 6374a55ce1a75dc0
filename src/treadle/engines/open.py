"""From a URL to an open engine."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from treadle.domain.errors import InvalidInput
from treadle.engines.contract import Engine
from treadle.system import Clock

_SCHEMES: Final = ("sqlite", "postgresql", "postgres")


async def open_engine(url: str, clock: Clock) -> Engine:
    """An open engine for `sqlite:///path/to/file.db`, `?synchronous=NORMAL` by choice, or for
    `postgresql://user:password@host:port/database`; its options are told at `postgres.options.read_url`.

    Raises InvalidInput for a URL that names no engine, SchemaTooNew and Unavailable as the engine does.
    """
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise InvalidInput(f"{url!r} names no engine: it begins with none of {', '.join(f'{s}://' for s in _SCHEMES)}")
    if parts.scheme == "sqlite":
        return await _open_sqlite(url, clock)
    from treadle.engines.postgres.engine import open_postgres

    return await open_postgres(url)


async def _open_sqlite(url: str, clock: Clock) -> Engine:
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    synchronous = options.pop("synchronous", "FULL")
    if options:
        raise InvalidInput(f"unknown option {next(iter(options))!r} in {url!r}: there is `synchronous`")
    if synchronous not in ("FULL", "NORMAL"):
        raise InvalidInput(f"synchronous={synchronous} in {url!r}: it is FULL or NORMAL")
    if parts.netloc or not parts.path.lstrip("/"):
        raise InvalidInput(f"{url!r} names no file: write sqlite:///relative.db or sqlite:////absolute.db")
    from treadle.engines.sqlite.engine import open_sqlite

    path = Path(parts.path[1:])
    return await open_sqlite(path, clock, synchronous="NORMAL" if synchronous == "NORMAL" else "FULL")
