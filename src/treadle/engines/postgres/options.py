"""What a URL says of a server: where it is, and how it is reached."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from msgspec import Struct

from treadle.domain.errors import InvalidInput

_OURS: Final = ("pooler", "listen", "connections")
_LIBPQ_S: Final = frozenset(
    {
        "channel_binding",
        "connect_timeout",
        "gssdelegation",
        "gssencmode",
        "hostaddr",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "load_balance_hosts",
        "require_auth",
        "requirepeer",
        "sslcertmode",
        "sslcompression",
        "sslsni",
        "tcp_user_timeout",
    }
)
"""What PostgreSQL's own library knows, and neither driver nor server: they stand in URLs made for other programs."""
_CONNECTIONS: Final = 8
_MOST_CONNECTIONS: Final = 100


class Options(Struct, frozen=True, kw_only=True):
    """`dsn` is the driver's. `listen` is the DSN on which notices are heard; None is by polling alone.

    Behind a pooler in transaction mode (`pooled`) no session outlives a transaction: nothing is prepared or set in one.
    """

    dsn: str
    listen: str | None
    pooled: bool = False
    connections: int = _CONNECTIONS


def read_url(url: str) -> Options:
    """The options in `postgresql://user:password@host:port/database?…`.

    `pooler=transaction` says that PgBouncer or its like stands there, in transaction mode; `listen=HOST:PORT` then
    names the server itself, on which notices are heard. `connections` is how many there may be at once. What else the
    URL says (`sslmode`, …) is for the driver. Raises InvalidInput where it cannot be understood.
    """
    parts = urlsplit(url)
    values = parse_qsl(parts.query)
    ours = {key: value for key, value in values if key in _OURS}
    query = urlencode([(key, value) for key, value in values if key not in _OURS])
    pooler, listen, count = ours.get("pooler", ""), ours.get("listen", ""), ours.get("connections", str(_CONNECTIONS))
    if pooler not in ("", "transaction"):
        raise InvalidInput(f"pooler={pooler}: it is `transaction`, or left out where there is none")
    if listen and not pooler:
        raise InvalidInput(f"listen={listen}: it is for a URL with pooler=transaction, where notices cannot be heard")
    if not count.isdecimal() or not 1 <= int(count) <= _MOST_CONNECTIONS:
        raise InvalidInput(f"connections={count}: it is a number from 1 to {_MOST_CONNECTIONS}")
    for key, _ in values:
        if key in _LIBPQ_S:
            raise InvalidInput(
                f"the URL of the database says {key}=, which is for programs that use libpq: leave it out"
            )
        if key not in _OURS and (meant := get_close_matches(key, _OURS, 1)):
            raise InvalidInput(f"the URL of the database says {key}=: do you mean {meant[0]}=?")
    _check_ports(parts.netloc)
    dsn = urlunsplit(parts._replace(query=query))
    login, at, _ = parts.netloc.rpartition("@")
    direct = urlunsplit(parts._replace(netloc=f"{login}{at}{listen}", query=query)) if listen else None
    return Options(dsn=dsn, listen=direct if pooler else dsn, pooled=bool(pooler), connections=int(count))


def place_of(dsn: str) -> str:
    """Where a server is, for people: its host and port, without who comes there."""
    return urlsplit(dsn).netloc.rpartition("@")[2] or "its socket on this machine"


def _check_ports(netloc: str) -> None:
    """Say nothing of what stands there: it may be a password in which a `/` is not encoded."""
    for place in netloc.rpartition("@")[2].split(","):
        port = place.rpartition("]")[2].partition(":")[2]
        if port and not port.isdecimal():
            raise InvalidInput(
                "the URL of the database cannot be read: the port is a number, and in a password `/`, `@`, `:`, `?`, "
                "`#` and `%` are written as %2F, %40, %3A, %3F, %23 and %25"
            )
