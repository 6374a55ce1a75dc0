"""What commands write of what others wrote."""

from __future__ import annotations

import sys

import pytest

from treadle.cli.output import say, write_table

HOSTILE = "report\x1b]8;;https://evil.example\x07click\x1b]8;;\x07\x1b[2J\x9b31m\r\u202enwod"


@pytest.mark.parametrize("terminal", [True, False])
def test_nothing_in_a_cell_drives_the_terminal(
    terminal: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    write_table(["job", "name"], [["a", HOSTILE]])
    say(f"there is no job {HOSTILE}")
    shown, said = capsys.readouterr()
    assert "reportclick31mnwod" in shown
    assert "reportclick31mnwod" in said
    for text in (shown, said):
        assert not set(text) & set("\x1b\x9b\x07\r\u202e")
