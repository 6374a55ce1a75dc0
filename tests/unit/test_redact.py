"""Secrets do not reach a log in any of their usual forms."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.domain.errors import InvalidInput
from treadle.executors.lines import LineSplitter
from treadle.redaction import MASK, Redactor

SECRET = 'k3y/with "ü" & more+'


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        quote(SECRET),
        quote_plus(SECRET),
        re.sub("%..", lambda code: code[0].lower(), quote(SECRET, safe="")),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
    ],
)
def test_every_form_is_masked(shown: str) -> None:
    assert Redactor({"KEY": SECRET}).redact(f"<{shown}>") == f"<{MASK}>"


@given(before=st.binary(max_size=7), after=st.binary(max_size=7))
def test_base64_is_masked_wherever_the_secret_begins(before: bytes, after: bytes) -> None:
    whole = before + SECRET.encode() + after
    redactor = Redactor({"KEY": SECRET})
    for encoded in (base64.b64encode(whole), base64.urlsafe_b64encode(whole)):
        masked = redactor.redact(encoded.decode())
        assert MASK in masked
        # What is left over comes from the neighbours, with at most one shared character at each side.
        assert len(masked) - len(MASK) <= len(base64.b64encode(before)) + len(base64.b64encode(after)) + 4


def test_base64_wrapped_by_the_command_is_masked() -> None:
    secret = "".join(chr(33 + i * 7 % 90) for i in range(200))
    redactor = Redactor({"KEY": secret})
    for line in base64.encodebytes(secret.encode()).decode().splitlines():
        # Only the last character of all may stay: its bits are not the secret's alone.
        assert re.fullmatch(re.escape(MASK) + "(.?=+)?", redactor.redact(line))


def test_lines_of_a_secret_are_masked_and_lines_too_short_are_not() -> None:
    redactor = Redactor({"PEM": "-----BEGIN-----\r\nabcdefgh\nxy\n-----END-----"})
    assert [redactor.redact(line) for line in ("-----BEGIN-----", "  abcdefgh", "xy")] == [MASK, f"  {MASK}", "xy"]


@pytest.mark.parametrize("value", ["", "   ", "abc", "\nab\n"])
def test_a_value_too_short_is_refused_by_name(value: str) -> None:
    with pytest.raises(InvalidInput, match="secret SHORT is too short"):
        Redactor({"SHORT": value})


def test_overlapping_secrets_are_masked_whole() -> None:
    assert Redactor({"A": "abcdef", "B": "efghij"}).redact("xabcdefghijx") == f"x{MASK}x"
    assert Redactor({"A": "token", "B": "token-long"}).redact("token-long token") == f"{MASK} {MASK}"


def test_json_is_masked_and_stays_json() -> None:
    redactor = Redactor({"A": "1234", "B": "line one\nline two"})
    value = {"1234": [91234, 12, True, None], "text": "line one\nline two"}
    assert redactor.redact_json(value) == {MASK: [f"9{MASK}", 12, True, None], "text": f"{MASK}\n{MASK}"}


@given(chunks=st.lists(st.integers(1, 40_000), min_size=1, max_size=6), at=st.integers(0, 60_000))
def test_no_cut_of_pipe_or_line_parts_a_secret(chunks: list[int], at: int) -> None:
    secret = "S3CR3T-" * 3
    data = b"." * at + secret.encode() + b"." * 30_000
    emitted: list[str] = []
    redactor = Redactor({"KEY": secret})
    splitter = LineSplitter(redactor, emitted.append)
    for size in chunks:
        splitter.feed(data[:size])
        data = data[size:]
    splitter.feed(data)
    splitter.close()
    shown = [redactor.redact(part) for part in emitted]
    assert "".join(shown).count(MASK) == 1
    assert "S3CR3T" not in "".join(shown)
    assert max(map(len, emitted)) < 16 * 1024 + len(secret) * 2


def test_a_secret_around_an_escape_sequence_is_masked_in_an_endless_line() -> None:
    secret = "S3CR3T-VALUE"
    emitted: list[str] = []
    redactor = Redactor({"KEY": secret})
    splitter = LineSplitter(redactor, emitted.append)
    splitter.feed(b"." * 16_380 + b"S3CR3T\x1b[1m-VALUE" + b"." * 100)
    splitter.close()
    assert "VALUE" not in "".join(redactor.redact(part) for part in emitted)


def test_lines_end_at_any_newline_and_bad_bytes_are_replaced() -> None:
    emitted: list[str] = []
    splitter = LineSplitter(Redactor({}), emitted.append)
    for data in (b"a\r", b"\nb\rc\n\n", b"\xff\xc3", b"\xa9 tail"):
        splitter.feed(data)
    splitter.close()
    assert emitted == ["a", "b", "c", "", "\ufffdé tail"]
