"""An engine's statements, in named `.sql` files: `-- name: what` opens each, comments below it belong to it."""

from __future__ import annotations

from importlib import resources
from typing import Final

_MARK: Final = "-- name: "
_ENDING: Final = ".sql"


def load_statements(package: str, noun: str) -> dict[str, str]:
    """The statements of `<noun>.sql` in a package, by name."""
    text = (resources.files(package) / f"{noun}{_ENDING}").read_text()
    blocks = text.split(_MARK)[1:]
    return {block.split("\n", 1)[0].strip(): block.split("\n", 1)[1].strip().rstrip(";") for block in blocks}


def load_all_statements(package: str) -> dict[str, str]:
    """All statements of a package, as `noun.name`."""
    nouns = [
        file.name.removesuffix(_ENDING) for file in resources.files(package).iterdir() if file.name.endswith(_ENDING)
    ]
    return {f"{noun}.{name}": text for noun in nouns for name, text in load_statements(package, noun).items()}
