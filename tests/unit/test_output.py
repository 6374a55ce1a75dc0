"""What commands write of what others wrote."""

from __future__ import annotations

import json
import sys

import pytest
import yaml

from treadle.cli.output import complain, log_text, say, write_json, write_record, write_table, written
from treadle.domain.errors import InvalidInput, Problem

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


def test_documents_drive_no_terminal_and_lose_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    record = {"job_id": "a", "name": f"{HOSTILE} \x85\u2066\U000e0001", "owner": "Zoë 織"}
    write_json(record)
    compact = capsys.readouterr().out
    write_record(record)
    page = capsys.readouterr().out
    spread = written(json.dumps(record, ensure_ascii=False, indent=2))
    for text in (compact, page, spread):
        assert text.replace("\n", "").isprintable(), text
    assert (json.loads(compact), yaml.safe_load(page), json.loads(spread)) == (record, record, record)
    write_json({"owner": "Zoë 織"})
    assert capsys.readouterr().out == '{"owner":"Zoë 織"}\n'


def test_colours_go_to_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    line = f"\x1b[31mred {HOSTILE}"
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert log_text(line) == "\x1b[31mred reportclick31mnwod\x1b[0m"
    assert log_text(HOSTILE.replace("\x1b", "")).isprintable()
    monkeypatch.setenv("NO_COLOR", "1")
    assert log_text(line) == "red reportclick31mnwod"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert log_text(line) == "red reportclick31mnwod"


def test_a_parameter_is_named_as_its_option(capsys: pytest.CaptureFixture[str]) -> None:
    complain(InvalidInput([Problem("/query/created_after", "is no date"), Problem("/inputs/a", "is missing")]))
    assert capsys.readouterr().err == "treadle: created-after: is no date\ntreadle: inputs/a: is missing\n"
