"""The real PgBouncer in transaction mode, before the server that tests share."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

import pytest

from tests.support.postgres import NOBODY, PATIENCE_SECONDS, free_port

INSTALL: Final = "sudo apt-get update && sudo apt-get install -y pgbouncer"
SESSIONS: Final = 5
"""How many sessions of the server all connections of a database share: fewer than an engine has."""


class Pooler:
    """A running PgBouncer."""

    def __init__(self, port: int, server: str) -> None:
        self._port = port
        self._server = server

    def url(self, database_url: str, *, listen: bool) -> str:
        """The URL by which Treadle goes through it to a database of the server; to hear, it may go there directly."""
        direct = urlsplit(self._server).netloc.rpartition("@")[2]
        heard = f"&listen={direct}" if listen else ""
        return f"{self.plain(database_url)}?sslmode=disable&pooler=transaction{heard}"

    def plain(self, database_url: str) -> str:
        """The same for other programs."""
        login, at, _ = urlsplit(database_url).netloc.rpartition("@")
        return urlunsplit(urlsplit(database_url)._replace(netloc=f"{login}{at}127.0.0.1:{self._port}", query=""))


@contextmanager
def pooler(server: str) -> Iterator[Pooler]:
    """A PgBouncer before the server of a URL, until the block ends. Skips the test where the program is not there."""
    program = _program()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="treadle-pgbouncer-") as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "pgbouncer.ini").write_text(_settings(server, port))
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
        process = subprocess.Popen(  # it refuses to be root's, as the server does
            [program, "--quiet", "pgbouncer.ini"],
            cwd=folder,
            **user,  # type: ignore[call-overload]
        )
        try:
            _wait_for(process, port)
            yield Pooler(port, server)
        finally:
            process.kill()
            process.wait()


def _program() -> str:
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        reason = f"pgbouncer is not installed: {INSTALL}"
        if "CI" in os.environ:
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def _settings(server: str, port: int) -> str:
    parts = urlsplit(server)
    password = f" password={unquote(parts.password)}" if parts.password else ""
    return f"""
[databases]
* = host={parts.hostname} port={parts.port or 5432} user={unquote(parts.username or "postgres")}{password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {SESSIONS}
max_client_conn = 200
"""


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "pgbouncer did not start"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError("pgbouncer does not answer")
