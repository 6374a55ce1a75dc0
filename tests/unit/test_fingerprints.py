"""Which failures are one and the same."""

from __future__ import annotations

import traceback
from uuid import UUID

import pytest

from treadle.domain.fingerprints import fingerprint, own_frame, without_varying
from treadle.domain.outcomes import RunError


def raised(
    message: str, line: int = 3, file: str = "/srv/app/tasks/pay.py", code: str = "raise Boom(text)"
) -> RunError:
    trace = (
        "Traceback (most recent call last):\n"
        '  File "/usr/lib/python3.11/asyncio/base.py", line 9, in go\n    call()\n'
        f'  File "{file}", line {line}, in charge\n    {code}\n    ^^^^^^\n'
        '  File "/app/.venv/lib/python3.11/site-packages/http/client.py", line 88, in send\n    raise Error\n'
        f"Boom: {message}\n"
    )
    return RunError("exception", message, "Boom", trace)


def test_the_place_of_an_exception_is_the_innermost_frame_of_the_handlers_own_code() -> None:
    known = fingerprint(raised("customer 7"), "job_a")
    assert (known.kind, known.place, known.title) == ("Boom", "tasks/pay.py in charge", "customer 7")


def test_equal_exceptions_meet_over_jobs_machines_edits_and_messages() -> None:
    first = fingerprint(raised("customer 7 at 0x7f3a"), "job_a")
    assert fingerprint(raised("customer 8 at 0x7f3b", line=40), "job_b").id == first.id
    assert fingerprint(raised("no", file="/home/ann/tasks/pay.py"), "job_a").id == first.id
    assert fingerprint(raised("no", file="C:\\srv\\tasks\\pay.py"), "job_a").id == first.id


def test_other_classes_places_and_lines_of_code_are_other_failures() -> None:
    one = raised("no")
    ids = {
        fingerprint(each, "job_a").id
        for each in (
            one,
            RunError(one.code, one.message, "Bang", one.traceback),
            raised("no", file="/srv/tasks/ship.py"),
            raised("no", code="raise Boom('other')\n"),
            raised("no", code="return pay(text)"),
        )
    }
    assert len(ids) == 5


def test_a_real_traceback_is_read_and_of_a_chain_the_last_one() -> None:
    def inner() -> None:
        raise KeyError("deep")

    def outer() -> None:
        try:
            inner()
        except KeyError as error:
            raise ValueError("above") from error

    with pytest.raises(ValueError, match="above") as caught:
        outer()
    frame = own_frame("".join(traceback.format_exception(caught.value)))
    assert frame == ("unit/test_fingerprints.py", frame and frame[1], "raise ValueError(<text>) from error")
    assert frame[1].endswith("outer")


def test_code_that_is_all_of_libraries_has_its_innermost_frame() -> None:
    trace = 'Traceback:\n  File "/usr/lib/python3.11/json/x.py", line 9, in loads\n    go()\nE: no\n'
    assert own_frame(trace) == ("json/x.py", "loads", "go()")
    assert own_frame("no traceback") is None


def test_what_has_no_frame_is_told_apart_by_job_and_message() -> None:
    slow = RunError("timeout", "the attempt was ended by its timeout of 30 s")
    slower = RunError("timeout", "the attempt was ended by its timeout of 45.5 s")
    assert fingerprint(slow, "job_a").id == fingerprint(slower, "job_a").id
    assert fingerprint(slow, "job_a").id != fingerprint(slow, "job_b").id
    assert fingerprint(slow, "job_a").place == "job job_a"


def test_exit_codes_mean_something_and_what_a_program_said_last_does_not() -> None:
    def ended(code: int, said: str) -> str:
        message = f"the program ended with exit code {code}, expected 0; the last line of stderr: {said}"
        return fingerprint(RunError("exit_code", message), "job_a").id

    assert ended(1, "no route to 10.0.0.1") == ended(1, "no such file")
    assert ended(1, "x") != ended(127, "x")


def test_a_failure_of_which_nothing_is_known_has_a_group_too() -> None:
    assert fingerprint(None, "job_a").kind == "unknown"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("row 12 of 40", "row 7 of 9"),
        ("at 0x7f3a2b", "at 0xFF00"),
        (f"user {UUID(int=5)}", f"user {UUID(int=1 << 100)}"),
        ("run_019d2f6c1e5b7c3a9f40b1d2c3e4f506 gone", "run_019d2f6c1e5b7c3a9f40b1d2c3e4f999 gone"),
        ("commit 9fceb02d0ae598e9", "commit 1234567890ab"),
        ("cannot reach 10.0.0.1:5432", "cannot reach 192.168.1.7:80"),
        ("GET https://a.example/x?y=1 failed", "GET http://b.example/ failed"),
        ("no mail to ann@example.org", "no mail to bob.b@example.com"),
        ("since 2026-11-05T09:00:00Z", "since 2025-01-31T23:59:59.123+07:00"),
        ("on 2026-11-05", "on 2025-01-31"),
        ("'ann' is no customer", "'bob' is no customer"),
        ("cannot open /tmp/x1/data", "cannot open /tmp/abc"),
        ("took 1.5s", "took 27,3s"),
    ],
)
def test_what_differs_from_run_to_run_is_left_out(one: str, other: str) -> None:
    assert without_varying(one) == without_varying(other)


@pytest.mark.parametrize(
    ("one", "other"), [("no such table", "no such column"), ("utf8 expected", "utf16 expected"), ("deadbeef", "facade")]
)
def test_words_are_not(one: str, other: str) -> None:
    assert without_varying(one) != without_varying(other)


def test_a_long_text_costs_no_more_than_its_head() -> None:
    head = "order 17 of ana@example.org " * 40
    assert without_varying(head + "a." * 1_000_000) == without_varying(head)
