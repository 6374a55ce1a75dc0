"""What the services say of themselves."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import logging
from treadle.servicelog import configure
configure("worker", "info")
logging.getLogger("asyncpg.pool").error("cannot connect", exc_info=OSError("refused"))
logging.getLogger("others").error("heard")
"""


def test_a_driver_that_tries_again_writes_no_tracebacks_between_the_lines() -> None:
    said = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True).stderr
    assert said == "heard\n"
