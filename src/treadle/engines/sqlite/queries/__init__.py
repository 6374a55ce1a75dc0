"""The statements, in named `.sql` files: `-- name: what` opens each, comments below it belong to it."""

from __future__ import annotations

from importlib import resources
from typing import Final

_MARK: Final = "-- name: "


def load(noun: str) -> dict[str, str]:
    """The statements of `<noun>.sql` by name."""
    text = (resources.files(__package__) / f"{noun}.sql").read_text()
    blocks = text.split(_MARK)[1:]
    return {block.split("\n", 1)[0].strip(): block.split("\n", 1)[1].strip().rstrip(";") for block in blocks}
