"""The statements that engines on SQL have by name, and the shared verbs call."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from treadle.engines import sql
from treadle.engines.postgres.queries import STATEMENTS as POSTGRES
from treadle.engines.sqlite.queries import STATEMENTS as SQLITE

_NAMED: Final = re.compile(r'(\.lock\(\s*)?"([a-z]+\.[a-z_]+)"')
_SHARED: Final = Path(next(iter(sql.__path__)))

OF_LENT_TRANSACTIONS: Final = {"dependencies.live", "triggers.live"}
"""SQLite has none: its file is the engine's alone."""


def called(*, locks: bool) -> set[str]:
    """The statements that the shared verbs name, those that lock or the others."""
    found = [match for file in _SHARED.glob("*.py") for match in _NAMED.findall(file.read_text())]
    return {name for lock, name in found if bool(lock) is locks}


@pytest.mark.parametrize(
    ("statements", "wanted"),
    [
        (POSTGRES, called(locks=True) | called(locks=False)),
        (SQLITE, called(locks=False) - OF_LENT_TRANSACTIONS),
    ],
    ids=["postgres", "sqlite"],
)
def test_an_engine_has_every_statement_that_the_shared_verbs_call(statements: dict[str, str], wanted: set[str]) -> None:
    assert len(wanted) > 100
    assert wanted <= statements.keys()


def test_no_statement_that_locks_is_written_for_sqlite_where_nobody_would_run_it() -> None:
    assert not called(locks=True) & SQLITE.keys()
