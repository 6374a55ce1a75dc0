"""Where the manager keeps its jobs: what SQLAlchemy's `sessionmaker` is bound to, a URL, or what the settings say."""

from __future__ import annotations

import os
from typing import Any

from msgspec.structs import replace

from treadle.domain.errors import InvalidInput
from treadle.settings import Settings, load_settings


def settings_for(database: object | None) -> Settings:
    """The settings of the environment, with the database that is meant.

    Raises InvalidInput for what names none, and for one of a kind that others may not have open beside Treadle.
    """
    settings = load_settings(os.environ)
    if database is None:
        return settings
    url = database if isinstance(database, str) else _bound_url(database)
    return replace(settings, database_url=url)


def _bound_url(database: Any) -> str:
    maker = getattr(database, "session_factory", database)  # of a scoped_session
    options = getattr(maker, "kw", None)
    bind = options.get("bind") if isinstance(options, dict) else maker
    url = getattr(bind, "url", None)
    if url is None or not hasattr(url, "render_as_string"):
        what = "a sessionmaker that is bound to an engine, an engine, or a URL"
        raise InvalidInput(f"{database!r:.80} names no database: give {what}; or nothing, for what the settings say")
    if url.get_backend_name() != "postgresql":
        message = f"{url.get_backend_name()} cannot be shared with SQLAlchemy: leave it out"
        raise InvalidInput(f"{message}, and Treadle keeps a SQLite file of its own (TREADLE_DATA), or use PostgreSQL")
    plain: str = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return plain
