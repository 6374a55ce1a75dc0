"""The statements, in named `.sql` files."""

from __future__ import annotations

from treadle.engines.statements import load_statements


def load(noun: str) -> dict[str, str]:
    """The statements of `<noun>.sql` by name."""
    return load_statements(__name__, noun)
