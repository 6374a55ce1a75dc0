"""How far something has come, as commands tell it."""

from __future__ import annotations

import sys

import pytest

from treadle.cli.progress import QUIET_SECONDS, Progress


def test_on_a_terminal_a_bar_is_drawn_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Progress("runs") as progress:
        for done in (1_000, 1_000, 2_000):
            progress.tell(done, 2_000)
    lines = capsys.readouterr().err.split("\r")
    assert lines == ["", f"[{'#' * 12}{'-' * 12}] 1,000 of 2,000 runs", f"[{'#' * 24}] 2,000 of 2,000 runs\n"]


def test_elsewhere_a_line_is_said_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    with Progress("points", lambda: now) as progress:
        progress.tell(1, 4)
        now = QUIET_SECONDS
        progress.tell(2, 4)
        progress.tell(3, None)
        now *= 2
        progress.tell(3, None)
    assert capsys.readouterr().err.splitlines() == ["treadle: 2 of 4 points", "treadle: 3 points"]
