"""Connections that callers have by libraries of their own, known by their types: nothing is imported to ask."""

from __future__ import annotations


def libraries_of(connection: object) -> frozenset[str]:
    """The names of the packages from which the types of a connection come."""
    return frozenset(each.__module__.partition(".")[0] for each in type(connection).__mro__)


def is_async(connection: object) -> bool:
    """Whether a connection, or a session, belongs to an event loop."""
    names = [each.__name__.lower() for each in type(connection).__mro__]
    return "asyncpg" in libraries_of(connection) or any(name.startswith("async") for name in names)


def session_of(connection: object) -> object:
    """The session behind a scoped one of SQLAlchemy: to be asked where the caller is, for other threads and tasks have
    others behind it. Anything else stays what it is.
    """
    if "sqlalchemy" not in libraries_of(connection) or "scoped_session" not in type(connection).__name__:
        return connection
    found: object = getattr(connection, "registry")()  # noqa: B009 - the library is not imported for its types
    return found
