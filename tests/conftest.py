"""Hypothesis' profiles (the default one is for every day, `soak` is for `scripts/full`) and the loop of async tests."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings

# The machines that run these tests are shared, so a slow example is no failure: pytest's own timeout ends what hangs.
settings.register_profile("everyday", deadline=None)
settings.register_profile("soak", parent=settings.get_profile("everyday"), max_examples=5_000, stateful_step_count=200)
settings.load_profile("everyday")

pytest.register_assert_rewrite("treadle.testing")  # failures inside the shipped suites show what was compared


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Async tests run on the loop of the product; a module whose code depends on the loop runs on both."""
    return "asyncio", {"use_uvloop": True}
