"""The table of attacks names tests that are there, and leaves none out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT = Path(__file__).parents[2]
ROWS = re.findall(r"^\| (\d+) \|(.*)\|(.*)\|(.*)\|$", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE)
ATTACKS: Final = {1, 2, 3, 14, *range(16, 31), 35, 36, 37}
"""Those that what is there today can suffer."""


def test_each_attack_has_its_defence_and_its_tests() -> None:
    assert [int(number) for number, *_ in ROWS] == sorted(ATTACKS)
    files = [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("src/treadle/testing/conformance/*.py")]
    there = {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text())}
    for number, attack, defence, tests in ROWS:
        named = set(re.findall(r"`(test_\w+)`", tests))
        assert attack.strip(), number
        assert defence.strip(), number
        assert named, number
        assert named <= there, (number, named - there)


def test_secrets_are_compared_in_constant_time() -> None:
    """What is looked for: `==` on digests, tokens or secrets in the code that lets people in."""
    for file in ("domain/access.py", "services/access.py", "api/auth.py", "api/tokens.py"):
        code = (ROOT / "src" / "treadle" / file).read_text()
        assert not re.findall(r"\b\w*(?:digest|secret|csrf_token)\w*(?:\(.*\))? [!=]= ", code), file
    for file in ("domain/access.py", "api/auth.py"):
        assert "compare_digest(" in (ROOT / "src" / "treadle" / file).read_text()
