"""What the tests of the worker share: sites, and one worker for all that leave it as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.workers import Lab, Site, WorkerProcess, open_lab


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site of the test's own."""
    return Site(tmp_path)


@pytest.fixture
async def lab(site: Site) -> AsyncIterator[Lab]:
    async with open_lab(site) as lab:
        yield lab


@pytest.fixture(scope="package")
def common_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("common"))
    (site.tasks / "broken.py").write_text("import no_such_module\n")
    return site


@pytest.fixture(scope="package")
def steady(common_site: Site) -> Iterator[WorkerProcess]:
    """A worker that goes on from test to test."""
    with common_site.worker(max_log_bytes=200_000, concurrency=8) as worker:
        yield worker


@pytest.fixture
async def steady_lab(common_site: Site, steady: WorkerProcess) -> AsyncIterator[Lab]:
    """The site of the steady worker. Fails where the test has ended one of its processes."""
    async with open_lab(common_site) as lab:
        yield lab
    assert "starting another" not in steady.said
