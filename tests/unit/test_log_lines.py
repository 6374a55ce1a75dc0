"""What a line of a run's log may hold, and how much is kept."""

from __future__ import annotations

import pytest

from treadle.domain.logs import LogCap, clean, coloured, split_line, told


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("plain\ttext ü", "plain\ttext ü"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x07", "link"),
        ("\x1b]0;title without an end", "]0;title without an end"),
        ("\x1b(Bx\x1bcy\x1b", "xy"),
        ("a\x00b\x07c\x7fd\x9be", "abcde"),
        ("one\r\nlevel=error forged", "onelevel=error forged"),
        ("one\u2028two\u202ethree", "onetwothree"),
        ("\udc80", "\ufffd"),
    ],
)
def test_nothing_that_drives_a_terminal_or_forges_a_line_is_kept(raw: str, kept: str) -> None:
    assert clean(raw) == kept


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("\x1b[01;31mred\x1b[m", "\x1b[01;31mred\x1b[m"),
        ("\x1b[38;5;208;48;2;0;0;0mdeep\x1b[0m", "\x1b[38;5;208;48;2;0;0;0mdeep\x1b[0m"),
        ("\x1b[8mhidden\x1b[5mblinks\x1b[31;8mboth", "hiddenblinksboth"),
        ("\x1b[2J\x1b[31mred\x1b[1A", "\x1b[31mred"),
        ("\x1b]0;ti\x1b[31mtle\x07\x9b31mC1", "]0;ti\x1b[31mtle31mC1"),
        ("\x1b[\x1b[31m31mx\x1b[3", "[\x1b[31m31mx[3"),
        ("\x1b[31mone\r\nlevel=error", "\x1b[31monelevel=error"),
    ],
)
def test_of_what_drives_a_terminal_colours_alone_can_be_kept(raw: str, kept: str) -> None:
    assert coloured(raw) == kept
    assert coloured(kept) == kept


def test_a_long_line_is_split_between_characters() -> None:
    parts = split_line("ä€" * 5_000, limit=1024)
    assert "".join(parts) == "ä€" * 5_000
    assert all(0 < len(part.encode()) <= 1024 for part in parts)
    assert split_line("") == [""]


def test_a_cap_keeps_the_head_and_counts_the_rest() -> None:
    cap = LogCap(max_bytes=10)
    assert [cap.take(size) for size in (6, 5, 1)] == [True, False, False]
    assert (cap.dropped_lines, cap.dropped_bytes) == (2, 6)


def test_a_cap_limits_empty_lines_too() -> None:
    cap = LogCap(max_bytes=1000, max_lines=2)
    assert [cap.take(1) for _ in range(3)] == [True, True, False]


def test_fields_stand_as_name_and_value_in_one_line_that_drives_no_terminal() -> None:
    assert told({"rows": 3, "well": True, "of": {"a": None}}) == 'rows=3 well=true of={"a":null}'
    assert told({"said": "\x1b]0;mine\x07two\nlines\x1b[2J"}) == "said=twolines"
    assert (told({}), told(None)) == ("", "")
