"""Hypothesis' profiles: the default one is for every day, `soak` is for `scripts/full`."""

from __future__ import annotations

from hypothesis import settings

# The machines that run these tests are shared, so a slow example is no failure: pytest's own timeout ends what hangs.
settings.register_profile("everyday", deadline=None)
settings.register_profile("soak", parent=settings.get_profile("everyday"), max_examples=5_000, stateful_step_count=200)
settings.load_profile("everyday")
