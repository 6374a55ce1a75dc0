"""One server for all tests of the command line here, with a worker; each test has a home of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import Home
from tests.support.up import Up, up


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("server")) as started:
        for name in ("a", "b", "c"):
            started.define(job_id=name, script="true")
        yield started


@pytest.fixture
def home(server: Up, tmp_path: Path) -> Home:
    """Somebody on the server's machine."""
    return Home(tmp_path, TREADLE_DATA=str(server.data))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Home:
    """Somebody on another machine."""
    return Home(tmp_path)
