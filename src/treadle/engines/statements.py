"""An engine's statements, in named `.sql` files: `-- name: what` opens each, comments below it belong to it."""

from __future__ import annotations

from importlib import resources
from typing import Final

_MARK: Final = "-- name: "


def load_statements(package: str, noun: str) -> dict[str, str]:
    """The statements of `<noun>.sql` in a package, by name."""
    text = (resources.files(package) / f"{noun}.sql").read_text()
    blocks = text.split(_MARK)[1:]
    return {block.split("\n", 1)[0].strip(): block.split("\n", 1)[1].strip().rstrip(";") for block in blocks}
