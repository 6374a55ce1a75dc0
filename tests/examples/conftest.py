"""One Treadle for all examples, started as a person would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.product import Product
from tests.support.up import up

EXAMPLES = Path(__file__).parents[2] / "examples"
API_TOKEN = "correct-horse-battery-staple"


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Treadle with the task files of all examples, their schedules, and the secret that one of them asks for."""
    folder: Path = tmp_path_factory.mktemp("up")
    config = str(EXAMPLES / "disk-report" / "scheduler.yaml")
    options = ("up", "--tasks", str(EXAMPLES), "--config", config, "--no-demo")
    with up(folder, *options, TREADLE_SECRET_API_TOKEN=API_TOKEN) as started:
        yield Product(started)
