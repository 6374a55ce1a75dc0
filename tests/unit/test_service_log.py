"""What the services say of themselves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from typing import Any
from urllib.parse import quote

import pytest

from treadle.servicelog import secrets_in

SECRET = "Canary/Bird+4711=="
ENVIRONMENT = {
    "TREADLE_SECRET_BIRD": SECRET,
    "TREADLE_ADMIN_TOKEN": "admin-token-0815-4711",
    "TREADLE_DATABASE_URL": "postgresql://ann:pass%2Fword-of-ann@db/treadle",
}


def said(program: str, form: str = "json") -> str:
    """What a program writes that has a service's log."""
    start = "import logging, os, structlog\nfrom treadle import servicelog, tracing\nlog = structlog.get_logger()\n"
    start += f"servicelog.configure('worker', 'info', {form!r}, os.environ)\n"
    done = subprocess.run(
        [sys.executable, "-c", start + program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **ENVIRONMENT},
    )
    return done.stderr


def lines(program: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said(program).splitlines()]


def test_a_line_is_one_object_with_what_is_known_of_the_work() -> None:
    (line,) = lines(
        """
servicelog.tell(lambda: {"worker": "wrk_1", "run_id": "run_1"})
tracing.carry_on("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
log.warning("it happened", run_id="run_2", count=3, runs=["a", "b"])
"""
    )
    assert list(line)[:4] == ["timestamp", "level", "service", "event"]
    assert {key: line[key] for key in line if key != "timestamp"} == {
        "level": "warning",
        "service": "worker",
        "event": "it happened",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "worker": "wrk_1",
        "run_id": "run_2",
        "count": 3,
        "runs": ["a", "b"],
    }


def test_libraries_and_the_end_of_a_process_are_told_in_the_same_way() -> None:
    told = lines(
        """
logging.getLogger("asyncpg.pool").error("cannot connect", exc_info=OSError("refused"))
logging.getLogger("others").info("unheard")
logging.getLogger("httpx2").info("GET https://example.org/?token=4711")
logging.getLogger("others").error("%s heard", "well")
raise SystemError("over")
"""
    )
    assert [(line["level"], line["event"]) for line in told] == [
        ("error", "well heard"),
        ("critical", "ended by an error"),
    ]
    assert "SystemError: over" in told[1]["exception"]


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_secret_of_the_environment_is_told_in_any_form(form: str) -> None:
    told = said(
        """
from base64 import b64encode
from urllib.parse import quote
for secret in (os.environ["TREADLE_SECRET_BIRD"], os.environ["TREADLE_ADMIN_TOKEN"], "pass/word-of-ann", "late-one"):
    servicelog.conceal(["late-one"])
    log.info("as it is: " + secret, url=f"https://x/?key={quote(secret, safe='')}", nested={"k": [secret]})
    log.info("coded", coded=b64encode(secret.encode()).decode(), shifted=b64encode(b"x" + secret.encode()).decode())
    logging.getLogger("library").error("by %s", secret)
    try:
        raise ValueError(f"with {secret}")
    except ValueError:
        log.exception("raised")
""",
        form,
    )
    assert told.count("***") >= 4 * 6
    for secret in (SECRET, ENVIRONMENT["TREADLE_ADMIN_TOKEN"], "pass/word-of-ann", "pass%2Fword-of-ann", "late-one"):
        for shape in (secret, quote(secret, safe=""), b64encode(secret.encode()).decode().rstrip("=")):
            assert shape not in told


@pytest.mark.parametrize("form", ["json", "text"])
def test_nothing_forges_a_line_or_drives_a_terminal(form: str) -> None:
    told = said(
        r"""
log.info("a\r\nlevel=error event=forged", link="\x1b]8;;http://evil\x07click\x1b]8;;\x07", up="\x1b[2Jx")
""",
        form,
    )
    assert told.count("\n") == 1
    assert told.endswith("\n")
    assert "\\u001b" not in told
    assert told.removesuffix("\n").isprintable()
    assert "evil" not in told


def test_values_too_short_to_be_masked_and_urls_without_password_are_let_be() -> None:
    assert secrets_in({"TREADLE_SECRET_PIN": "1", "TREADLE_DATABASE_URL": "sqlite:///x.db", "HOME": "/root"}) == ["1"]
    assert json.loads(said("log.info('pin 1')\n", "json"))["event"] == "pin 1"
