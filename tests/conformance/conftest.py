"""What holds for the suite on every engine."""

from __future__ import annotations

import pytest

from treadle.domain.instants import DAY
from treadle.engines.postgres import marks


@pytest.fixture(autouse=True)
def looking_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes to lie before a mark waits a while, which the suite's order of claims does not allow for.

    Whether there are marks is not to follow from how busy a machine is: `test_postgres_trips.py` has what holds where
    there are.
    """
    monkeypatch.setattr(marks, "SLOW", DAY)
