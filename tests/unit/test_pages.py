"""The pages for readers: they lead somewhere, and name everything that there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest

from treadle import Client
from treadle.api.auth import PUBLIC_ROUTES
from treadle.cli.exits import Exit
from treadle.domain.messages import Intake

ROOT: Final = Path(__file__).resolve().parents[2]
PAGES: Final = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")]


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = []
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not link.startswith("https://") and (not target.exists() or (anchor and anchor not in anchors(target))):
            dead.append(link)
    assert dead == []


def test_every_example_is_in_the_list_of_examples() -> None:
    folders = {path.name for path in (ROOT / "examples").iterdir() if path.is_dir() and path.name[0] not in "._"}
    assert folders == set(re.findall(r"^\| \[(.+?)\]\((?:.+?)\)", text("examples/README.md"), re.MULTILINE))


def test_every_exit_code_is_explained() -> None:
    explained = re.findall(r"^\| (\d+) \|", text("docs/operations.md"), re.MULTILINE)
    assert [int(code) for code in explained] == [code.value for code in Exit]


def test_what_answers_without_a_token_is_named() -> None:
    named = text("docs/http.md")
    assert [route for route in PUBLIC_ROUTES if f"`{route}`" not in named and not route.startswith("/docs/")] == []


def test_the_python_of_the_guide_to_messages_is_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREADLE_DATA", str(tmp_path))
    names: dict[str, Any] = {"__name__": "example"}
    for source in re.findall(r"^```python\n(.*?)^```", text("docs/messages.md"), re.DOTALL | re.MULTILINE):
        exec(source, names)  # noqa: S102 - our own page
    assert names["send_mail"].spec.work.messages == Intake(type="mail", batch_size=50, trigger=True)
    with Client() as client:
        assert [message.key for message in client.find_messages(types=["mail"])] == ["customer-7"]
