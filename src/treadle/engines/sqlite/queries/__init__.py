"""The statements, in named `.sql` files."""

from __future__ import annotations

from typing import Final

from treadle.engines.sql.statements import load_all_statements, load_statements

STATEMENTS: Final = load_all_statements(__name__)
"""All of them, as `noun.name`."""


def load(noun: str) -> dict[str, str]:
    """The statements of `<noun>.sql` by name."""
    return load_statements(__name__, noun)
