"""What the tests of the worker share: sites, and one worker for all that leave it as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.workers import Lab, Site, WorkerProcess, open_lab, sqlite_url
from treadle.domain.runs import DEFAULT_DOMAIN, TERMINAL


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    """A site of the test's own: on a SQLite file, or where `ON_EVERY_ENGINE` says."""
    return Site(tmp_path, request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url"))


@pytest.fixture
async def lab(site: Site) -> AsyncIterator[Lab]:
    async with open_lab(site) as lab:
        yield lab


class SteadyWorker:
    """Hands out one worker from test to test; after a test that did not leave it as it was another, on a fresh site."""

    def __init__(self, new_folder: Callable[[], Path]) -> None:
        self._new_folder = new_folder
        self._open = ExitStack()
        self._worker: WorkerProcess | None = None

    def get(self) -> WorkerProcess:
        """The worker for the next test."""
        if self._worker is None:
            folder = self._new_folder()
            site = Site(folder, sqlite_url(folder))
            (site.tasks / "broken.py").write_text("import no_such_module\n")
            self._worker = self._open.enter_context(site.worker(max_log_bytes=200_000, concurrency=8, lease_sec=60))
        return self._worker

    def replace(self) -> None:
        """End the worker. The next test gets another."""
        self._worker = None
        self._open.close()


@pytest.fixture(scope="package")
def steady_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SteadyWorker]:
    worker = SteadyWorker(lambda: tmp_path_factory.mktemp("common"))
    yield worker
    worker.replace()


@pytest.fixture
def steady(steady_worker: SteadyWorker) -> WorkerProcess:
    """A worker that goes on from test to test."""
    return steady_worker.get()


@pytest.fixture
async def steady_lab(steady_worker: SteadyWorker, steady: WorkerProcess) -> AsyncIterator[Lab]:
    """The site of the steady worker. Fails where the test has ended one of its processes."""
    async with open_lab(steady.site) as lab:
        yield lab
        counts = await lab.engine.runs.counts(DEFAULT_DOMAIN)
    lost_a_process = steady.process.poll() is not None or "starting another" in steady.said
    if lost_a_process or any(count for state, count in counts.items() if state not in TERMINAL):
        steady_worker.replace()
    assert not lost_a_process, steady.said
