"""The PostgreSQL server that is measured: one of its own on the disk that is measured, with fsync, as people run it.

`TREADLE_TEST_POSTGRES_URL` names another to use instead, by the URL of a role that may create databases. Each folder
that a case works in stands for a database of its own.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg

from tests.support.postgres import Server

_SERVER: Final = "BENCH_POSTGRES_URL"
_PROCESS: Final = "BENCH_POSTGRES_PID"
_PREFIX: Final = "BENCH_POSTGRES_PREFIX"
_GIVEN: Final = "TREADLE_TEST_POSTGRES_URL"
_MADE: Final = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"


@contextmanager
def serving(engine: str, folder: Path) -> Iterator[Mapping[str, str]]:
    """What an engine needs beside its folder, until the block ends; answers the settings on which figures depend.

    The processes that are started meanwhile find it by the environment.
    """
    if engine == "sqlite":
        yield {"synchronous": "FULL"}
        return
    with _server(folder) as url:
        os.environ[_SERVER], os.environ[_PREFIX] = url, f"treadle_bench_{secrets.token_hex(4)}_"
        try:
            yield _settings(url)
        finally:
            _drop_databases(url, os.environ.pop(_PREFIX))
            del os.environ[_SERVER]


def database_url(folder: Path) -> str:
    """The URL of the database that a folder stands for; it is made where there is none."""
    server = os.environ[_SERVER]
    name = os.environ[_PREFIX] + blake2b(bytes(folder.absolute()), digest_size=8).hexdigest()
    with psycopg.connect(server, autocommit=True) as connection:
        if connection.execute(_MADE, [name]).fetchone() is None:
            connection.execute(f"CREATE DATABASE {name}".encode())
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    if given := os.environ.get(_GIVEN):
        yield given
        return
    folder.chmod(0o755)
    place = folder.absolute() / "server"
    place.mkdir()
    server = Server(place, durable=True)
    server.start()
    try:
        os.environ[_PROCESS] = (place / "data" / "postmaster.pid").read_text().split()[0]
        yield server.url
    finally:
        os.environ.pop(_PROCESS, None)
        server.stop()


def server_cpu_seconds() -> float:
    """Processor time that the server of one's own has used so far; 0 where it is another's, or none."""
    name = os.environ.get(_PROCESS)
    if name is None:
        return 0.0
    main = psutil.Process(int(name))
    times = main.cpu_times()
    below = sum(each.cpu_times().user + each.cpu_times().system for each in main.children())
    return times.user + times.system + times.children_user + times.children_system + below


def _settings(url: str) -> Mapping[str, str]:
    with psycopg.connect(url) as connection:
        names = ("server_version", "fsync", "synchronous_commit", "shared_buffers")
        return {name: str(connection.execute(f"SHOW {name}".encode()).fetchall()[0][0]) for name in names}


def _drop_databases(url: str, prefix: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for (name,) in connection.execute(_MADE, [prefix]).fetchall():
            connection.execute(f"DROP DATABASE {name} (FORCE)".encode())
