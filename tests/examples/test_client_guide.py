"""The guide to the Python client: its examples, one after the other, do what they say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.pages import ROOT, Terminal
from tests.support.product import Product
from treadle import Client

PAGE: Final = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
BLOCKS: Final = re.findall(r"^```(sh|python)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def token(product: Product) -> str:
    return (product.up.data / "local-token").read_text().strip()


def test_the_examples_work(product: Product, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(tmp_path, environment={"TREADLE_DATA": str(product.up.data)})
    monkeypatch.setenv("TREADLE_URL", product.up.url)
    monkeypatch.setenv("TREADLE_TOKEN", token)
    names: dict[str, Any] = {}
    for language, block in BLOCKS:
        if language == "sh":
            terminal.run(block)
        else:
            exec(block, names)  # noqa: S102 - our own page
    assert names["failed"] == []
    assert [language for language, _ in BLOCKS].count("python") == 4


def test_every_way_to_make_a_client_leads_to_the_server(
    product: Product, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("TREADLE_DATA", str(product.up.data))
    config = tmp_path / "treadle" / "config.toml"
    config.parent.mkdir()
    config.write_text(f'[profiles.work]\nurl = "{product.up.url}"\ntoken = "{token}"\ndomain = "team-b"\n')
    config.chmod(0o600)
    for made, domain in (
        (Client(product.up.url, token=token, domain="team-a"), "team-a"),
        (Client(profile="work"), "team-b"),
        (Client(profile="local", domain="team-c"), "team-c"),
    ):
        with made as client:
            assert client.session.get().name == "admin"
            client.events.publish("made", key=domain)
            told = client.events.read(topics=["user"]).items
            assert [event.type for event in told] == ["user.made"]
