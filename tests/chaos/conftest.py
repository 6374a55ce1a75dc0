"""What the tests of faults share. What this machine does not permit is skipped, and said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.clocks import JumpingClock, faketime_library
from tests.support.workers import Lab, Site, open_lab


@pytest.fixture
def jumping(tmp_path: Path) -> JumpingClock:
    library = faketime_library()
    if library is None:
        pytest.skip("needs libfaketime, to let a clock jump: apt-get install faketime")
    return JumpingClock(tmp_path, library)


@pytest.fixture
def site(tmp_path: Path, any_url: str) -> Site:
    """A site on each engine."""
    return Site(tmp_path, any_url)


@pytest.fixture
async def lab(site: Site) -> AsyncIterator[Lab]:
    async with open_lab(site) as lab:
        yield lab
