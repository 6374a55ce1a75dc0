"""`scripts/mutants`: make each mutant in a copy of the sources, and see whether its tests notice. See the package."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from msgspec import Struct, convert

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCES: Final = ROOT / "src"

_LIST: Final = Path(__file__).with_name("mutants.toml")
_TESTS_FAILED: Final = 1
_PATIENCE_SECONDS: Final = 300.0
_DAY_SECONDS: Final = 86_400


class Mutant(Struct, frozen=True, forbid_unknown_fields=True):
    """A change for the worse of one file below `treadle`, and the tests that must fail by it."""

    file: str
    old: str
    new: str
    tests: list[str]

    def apply(self, sources: Path) -> None:
        """Make it in a copy of the sources. Raises ValueError where the text is not there exactly once."""
        file = sources / "treadle" / self.file
        text = file.read_text()
        if (count := text.count(self.old)) != 1:
            raise ValueError(f"{self.file} has the text {count} times instead of once: {self.old.strip()}")
        file.write_text(text.replace(self.old, self.new))


def read_mutants() -> dict[str, Mutant]:
    """All of them, by name."""
    return convert(tomllib.loads(_LIST.read_text()), dict[str, Mutant])


def is_caught(mutant: Mutant) -> bool:
    """Whether its tests fail. Raises RuntimeError where they could not be run."""
    with TemporaryDirectory(prefix="treadle-mutant-") as folder:
        shutil.copytree(SOURCES, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        mutant.apply(Path(folder))
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--timeout=60", *mutant.tests],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    if ended.returncode not in (0, _TESTS_FAILED):
        raise RuntimeError(f"pytest ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    return ended.returncode == _TESTS_FAILED


def rotated(names: Sequence[str], count: int, day: int) -> list[str]:
    """So many of the names, others each day, until all have had their turn."""
    first = day * count
    return [names[(first + number) % len(names)] for number in range(count)]


def main() -> None:
    """Run what the command line names. Exits 1 where a mutant survives."""
    parser = argparse.ArgumentParser(prog="scripts/mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants of mutants.toml; all by default")
    parser.add_argument("--rotate", type=int, metavar="N", help="N of them, others each day")
    parser.add_argument("--json", action="store_true", help="print one object")
    arguments = parser.parse_args()
    mutants = read_mutants()
    names = arguments.names or list(mutants)
    if unknown := [name for name in names if name not in mutants]:
        parser.error(f"there is no mutant {unknown[0]} in mutants.toml")
    if arguments.rotate is not None and arguments.rotate < 1:
        parser.error("--rotate takes a number from 1 on")
    if arguments.rotate:
        names = rotated(names, arguments.rotate, int(time.time()) // _DAY_SECONDS)
    survivors = []
    for name in names:
        caught = is_caught(mutants[name])
        print(f"{name}: {'caught' if caught else 'SURVIVED'}", file=sys.stderr, flush=True)
        if not caught:
            survivors.append(name)
    told = {"total": len(names), "caught": len(names) - len(survivors), "survivors": survivors}
    print(json.dumps(told) if arguments.json else f"{told['caught']} of {told['total']} caught")
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
