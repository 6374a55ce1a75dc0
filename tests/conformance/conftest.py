"""Failures inside the shipped suite show what was compared."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("treadle.testing")
