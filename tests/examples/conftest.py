"""One Treadle for all examples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.product import EXAMPLES, Product, product

API_TOKEN = "correct-horse-battery-staple"


@pytest.fixture(scope="session")
def treadle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Treadle with the task files of all examples and the secret that one of them asks for."""
    data: Path = tmp_path_factory.mktemp("data")
    with product(data, EXAMPLES, {"TREADLE_SECRET_API_TOKEN": API_TOKEN}) as started:
        started.define_handlers(EXAMPLES)
        yield started
