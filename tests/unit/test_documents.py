"""Texts from outside are read strictly: what could be read in two ways is refused, with its place."""

from __future__ import annotations

from typing import Any

import pytest

from treadle.domain.documents import load_json, load_yaml, locate_yaml
from treadle.domain.errors import MalformedInput, PayloadTooLarge


def test_json_is_read() -> None:
    assert load_json(b'{"a": [1, 2.5, null, true, "\\u00e9\\ud83d\\ude00"]}') == {"a": [1, 2.5, None, True, "é😀"]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"{} {}", "no JSON"),
        (b"NaN", "no JSON"),
        (b'{"a": Infinity}', "no JSON"),
        (b"-Infinity", "no JSON"),
        (b"1e999", "out of range"),
        (b"1" * 5000, "out of range"),
        (b'"\\ud800"', "no JSON"),
        (b'"\xff"', "no JSON"),
        (b'"\xed\xa0\x80"', "no JSON"),
        (b'{"a": {"b": 1, "c": 2, "b": 3}}', "'b' stands twice"),
        (b"[" * 65 + b"]" * 65, "deeper than 64"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "deeper than 64"),
        (b"[" * 100_000 + b"]" * 100_000, "deeper than 64"),
        (b"[" * 100_000, "deeper than 64"),
    ],
)
def test_what_is_no_strict_json_is_malformed(text: bytes, words: str) -> None:
    with pytest.raises(MalformedInput, match=words):
        load_json(text)


def test_nesting_up_to_the_limit_and_many_brackets_side_by_side_are_fine() -> None:
    assert load_json(b"[" * 64 + b"]" * 64)
    assert load_json(b"[" + b"[]," * 99 + b'"[[["]')
    assert load_yaml("[" * 64 + "]" * 64)


@pytest.mark.parametrize("load", [load_json, load_yaml])
def test_a_text_over_the_cap_is_too_large(load: Any) -> None:
    assert load(b'"' + b"x" * 8 + b'"', max_bytes=10) == "x" * 8
    with pytest.raises(PayloadTooLarge, match="11 bytes are more than the 10"):
        load(b'"' + b"x" * 9 + b'"', max_bytes=10)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# nothing", None),
        ("a: {b: [1, x]}\nc:\n- 2", {"a": {"b": [1, "x"]}, "c": [2]}),
        ("[~, null, '', true, False]", [None, None, "", True, False]),
        (
            "[yes, off, 2026-01-01, 12:30, 1_000, 0b1, '1', \"2\"]",
            ["yes", "off", "2026-01-01", "12:30", "1_000", "0b1", "1", "2"],
        ),
        ("[1, -2, +3, 0o17, 0xff, 007]", [1, -2, 3, 15, 255, 7]),
        ("[1.5, .5, 1e3, -2.]", [1.5, 0.5, 1000.0, -2.0]),
        ("1: x", {"1": "x"}),
        ("<<: {a: 1}", {"<<": {"a": 1}}),
        ("a: |\n  one\n  two\n", {"a": "one\ntwo\n"}),
        ("--- {a: 1}\n...\n", {"a": 1}),
    ],
)
def test_yaml_is_read_by_the_core_schema(text: str, value: object) -> None:
    assert load_yaml(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1", "line 2, column 1"),
        ("a: 1\n b: 2", "line 2"),
        ("a: 1\nb: 2\na: 3", "line 3, column 1: the key 'a' stands twice"),
        ("a: &x 1", "anchors and aliases"),
        ("a: *x", "anchors and aliases"),
        ("? &x a\n: 1", "anchors and aliases"),
        ("!!python/object/apply:os.system ['true']", "tags are not allowed"),
        ("a: ! 1", "tags are not allowed"),
        ("!!str a: 1", "tags are not allowed"),
        ("[1, 2]: x", "a key must be a text"),
        ("a: 1\n---\nb: 2", "here begins another"),
        (".nan", "out of range"),
        ("-.inf", "out of range"),
        ("1e999", "out of range"),
        ("9" * 5000, "out of range"),
        ("[" * 65 + "]" * 65, "deeper than 64"),
        ("[" * 500_000, "deeper than 64"),
        ("a: \x07", "no YAML"),
        (b"a: \xff", "no YAML"),
        ("a: \ud800", "no YAML"),
    ],
)
def test_what_is_no_strict_yaml_is_malformed(text: str | bytes, words: str) -> None:
    with pytest.raises(MalformedInput, match=words):
        load_yaml(text)


def test_the_lines_of_a_yaml_text_are_known() -> None:
    lines = locate_yaml("schedules:\n  - jobId: a\n    input:\n      b/c: 1\n  - jobId: b\n").lines
    assert [lines.at(), lines.at("schedules", 0), lines.at("schedules", 0, "input", "b/c")] == [1, 2, 4]
    assert [lines.at("schedules", 1, "jobId"), lines.at("schedules", 1, "nothing"), lines.at("no")] == [5, 5, 1]


def test_a_long_key_over_many_parts_costs_no_more_than_its_length() -> None:
    parts = ", ".join(f"a{number}: 1" for number in range(50_000))
    assert load_yaml(f"? {'k' * 400_000}\n: {{{parts}}}") == {"k" * 400_000: {f"a{n}": 1 for n in range(50_000)}}
