"""Hypothesis' profiles (the default one is for every day, `soak` is for `scripts/full`) and the loop of async tests."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.support.postgres import Databases, databases
from tests.support.workers import sqlite_url

# The machines that run these tests are shared, so a slow example is no failure: pytest's own timeout ends what hangs.
settings.register_profile("everyday", deadline=None)
settings.register_profile("soak", parent=settings.get_profile("everyday"), max_examples=5_000, stateful_step_count=200)
settings.load_profile("everyday")

# What a script starts in its background ignores SIGINT, and so do all its processes: tests interrupt some of them.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest.register_assert_rewrite("treadle.testing")  # failures inside the shipped suites show what was compared


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Async tests run on the loop of the product; a module whose code depends on the loop runs on both."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session")
def postgres() -> Iterator[Databases]:
    """Databases on the server that tests share."""
    with databases() as made:
        yield made


@pytest.fixture
def postgres_url(postgres: Databases) -> str:
    """The URL of an empty PostgreSQL database."""
    return postgres.url(asyncio.run(postgres.create()))


@pytest.fixture(name="sqlite_url")
def the_sqlite_url(tmp_path: Path) -> str:
    """The URL of an empty SQLite file."""
    return sqlite_url(tmp_path)


@pytest.fixture(params=["sqlite", "postgres"])
def any_url(request: pytest.FixtureRequest) -> str:
    """Either of them: the test is for every engine."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
