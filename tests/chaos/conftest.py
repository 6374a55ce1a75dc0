"""What the tests of faults share. What this machine does not permit is skipped, and said."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.clocks import JumpingClock, faketime_library
from tests.support.workers import Lab, Site, open_lab


@pytest.fixture
def jumping() -> Iterator[JumpingClock]:
    library = faketime_library()
    if library is None:
        pytest.skip("needs libfaketime, to let a clock jump: apt-get install faketime")
    with TemporaryDirectory(prefix="treadle-clock-") as folder:
        yield JumpingClock(Path(folder), library)


@pytest.fixture
def site(tmp_path: Path, any_url: str) -> Site:
    """A site on each engine."""
    return Site(tmp_path, any_url)


@pytest.fixture
async def lab(site: Site) -> AsyncIterator[Lab]:
    async with open_lab(site) as lab:
        yield lab
