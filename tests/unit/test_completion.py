"""When a program counts as having succeeded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.domain.work import Completion
from treadle.executors.completion import TextWatch, judge


def watch(text: str, *wanted: str) -> TextWatch:
    found = TextWatch(wanted)
    found.feed(text.encode())
    return found


@given(
    text=st.text("ab", max_size=60),
    needles=st.lists(st.text("ab", min_size=1, max_size=5), max_size=3),
    cuts=st.lists(st.integers(1, 7), max_size=60),
)
def test_a_text_is_found_wherever_the_chunks_are_cut(text: str, needles: list[str], cuts: list[int]) -> None:
    found = TextWatch(needles)
    data = text.encode()
    for size in [*cuts, len(data) + 1]:
        found.feed(data[:size])
        data = data[size:]
    assert [needle in found for needle in needles] == [needle in text for needle in needles]


def test_no_more_is_kept_than_a_text_can_straddle() -> None:
    found = TextWatch(["needle"])
    for _ in range(100):
        found.feed(b"n" * 10_000)
    assert len(found._tail) == 5


def test_every_broken_rule_is_named() -> None:
    rules = Completion(
        exit_codes=(0, 4),
        stdout_contains=("done", "100%"),
        stdout_not_contains=("ERROR",),
        stderr_contains=("ready",),
        stderr_not_contains=("Traceback",),
    )
    error = judge(rules, 3, watch("done ERROR", "done", "100%", "ERROR"), watch("Traceback", "ready", "Traceback"))
    assert error is not None
    assert error.code == "exit_code"
    assert error.message == (
        "the program ended with exit code 3, expected 0 or 4; stdout_contains: '100%' is not in stdout; "
        "stdout_not_contains: 'ERROR' is in stdout; stderr_contains: 'ready' is not in stderr; "
        "stderr_not_contains: 'Traceback' is in stderr"
    )


@pytest.mark.parametrize(
    ("code", "accepted", "fault"),
    [
        (0, (0,), None),
        (3, (0, 3), None),
        (0, (3,), "exit code 0, expected 3"),
        (-9, (0,), "signal 9 (SIGKILL)"),
        (-40, (0,), "signal 40 (SIGRTMIN+6)"),
        (-15, (0, 143), None),
    ],
)
def test_exit_codes(code: int, accepted: tuple[int, ...], fault: str | None) -> None:
    error = judge(Completion(exit_codes=accepted), code, watch(""), watch(""))
    assert (fault is None) == (error is None)
    assert error is None or str(fault) in error.message


def test_an_empty_text_is_in_any_output() -> None:
    assert judge(Completion(stdout_contains=("",)), 0, TextWatch([""]), TextWatch([])) is None
