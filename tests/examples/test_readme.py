"""README, the guides to HTTP and messages and the examples' pages are run as they stand, and print what they show."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.examples.conftest import EXAMPLES
from tests.support.pages import ROOT, Command, Terminal, commands, matches, name
from tests.support.product import Product
from tests.support.up import up

HTTP: Final = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
TOUR: Final = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Three minutes")[2]
MESSAGES: Final = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
COMMANDS: Final = [*commands(TOUR), *commands(HTTP), *commands(MESSAGES)]
UP: Final = COMMANDS.index(Command("scripts/up\n", None))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the pages use of a fresh checkout."""
    folder: Path = tmp_path_factory.mktemp("checkout")
    for file in ("README.md", "LICENSE"):
        shutil.copy(ROOT / file, folder)
    shutil.copytree(EXAMPLES, folder / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def terminal(checkout: Path) -> Iterator[Terminal]:
    """A terminal beside the one in which Treadle was started as the README says."""
    for command in COMMANDS[:UP]:
        Terminal(checkout).run(command.script)
    with up(checkout, "up", data=".treadle") as started:
        yield Terminal(checkout, started.url)


@pytest.mark.parametrize("command", COMMANDS[UP + 1 :], ids=name)
def test_readme_and_guides(terminal: Terminal, command: Command) -> None:
    printed = terminal.run(command.script)
    assert matches(command.shown, printed), printed


@pytest.mark.parametrize("page", sorted(EXAMPLES.glob("*/README.md")), ids=lambda page: page.parent.name)
def test_readme_of_example(product: Product, tmp_path: Path, page: Path) -> None:
    (tmp_path / "examples").symlink_to(EXAMPLES)
    product.forget(page.parent.name)
    terminal = Terminal(tmp_path, product.up.url, {"TREADLE_DATA": str(product.up.data)})
    for command in commands(page.read_text(encoding="utf-8")):
        printed = terminal.run(command.script)
        assert matches(command.shown, printed), printed


def test_the_page_about_jobs_is_that_of_the_server(product: Product) -> None:
    page = product.up.run("job", "docs").stdout
    assert "- [chain.monitor](#chainmonitor): every minute" in page
    assert "Runs every minute. Defined in `examples/chain-monitor/chain_monitor.py:" in page
    assert page == product.up.run("job", "docs").stdout


def test_every_route_is_named(product: Product) -> None:
    paths = product.get("/openapi.json")["paths"]
    routes = [f"{method.upper()} {path}" for path, item in paths.items() for method in item]
    assert len(routes) > 20
    assert [route for route in routes if f"`{route}`" not in HTTP] == []
