"""The domain takes the time and its files' contents as arguments. The import contract bars modules; this bars calls."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import pytest

import treadle.domain

DOMAIN: Final = Path(treadle.domain.__file__).parent
IMPURE_BUILTINS: Final = frozenset({"open", "print", "input", "__import__"})
IMPURE_METHODS: Final = frozenset({"now", "utcnow", "today"})
"""Of `datetime` and `date`, under whatever name they were imported."""


def impure_calls(source: str) -> list[str]:
    """Every call in `source` that does I/O or reads a clock, as `line: call`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_BUILTINS:
                found.append(f"{node.lineno}: {name}")
            case ast.Call(func=ast.Attribute(attr=name)) if name in IMPURE_METHODS:
                found.append(f"{node.lineno}: {ast.unparse(node.func)}")
    return found


@pytest.mark.parametrize("module", sorted(DOMAIN.rglob("*.py")), ids=lambda path: str(path.relative_to(DOMAIN)))
def test_domain_module_calls_nothing_impure(module: Path) -> None:
    assert impure_calls(module.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from datetime import datetime, UTC\ndatetime.now(UTC)", ["2: datetime.now"]),
        ("import datetime as d\nd.date.today()", ["2: d.date.today"]),
        ("text = open('jobs.yaml').read()", ["1: open"]),
        ("def due(now: int) -> bool:\n    return now > 3", []),
    ],
)
def test_impure_calls_are_found_under_any_name(source: str, found: list[str]) -> None:
    assert impure_calls(source) == found
