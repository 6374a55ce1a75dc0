"""What is installed is what was locked, and what reads live values out of bytes stays out."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def test_every_file_of_every_locked_package_has_its_hash() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    packages = [package for package in lock["package"] if "registry" in package["source"]]
    assert len(packages) > 50
    for package in packages:
        files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())]
        assert files, package["name"]
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", file["hash"]) for file in files), package["name"]
    elsewhere = [package["name"] for package in lock["package"] if "registry" not in package["source"]]
    assert elsewhere == ["treadle"], "what comes by an address of its own has no hash"


def test_the_install_of_a_checkout_takes_no_file_whose_hash_is_another(tmp_path: Path) -> None:
    """By the same command as `scripts/bootstrap`, which pipes the lock's hashes into `uv pip sync`."""
    assert re.search(
        r'uv" export --quiet --frozen .*\| "\$venv/bin/uv" pip sync', (ROOT / "scripts/bootstrap").read_text()
    )
    wheel = tmp_path / "locked-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("locked-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: locked\nVersion: 1\n")
        archive.writestr("locked-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("locked-1.dist-info/RECORD", "")
    right = hashlib.sha256(wheel.read_bytes()).hexdigest()
    for digest, taken in ((right, True), ("0" * 64, False)):
        wanted = tmp_path / "locked.txt"
        wanted.write_text(f"locked==1 --hash=sha256:{digest}\n")
        options = ["--no-index", f"--find-links={tmp_path}", f"--target={tmp_path / digest}"]
        command = [str(BIN / "uv"), "pip", "sync", *options, str(wanted)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode == 0) is taken, done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads",
        "import marshal",
        "import shelve",
        "import dill",
        "import yaml\nyaml.load('a', Loader=yaml.FullLoader)",
        "import yaml\nyaml.unsafe_load('a')",
    ],
)
def test_the_linter_refuses_what_makes_live_values_of_bytes(line: str) -> None:
    command = [str(BIN / "ruff"), "check", "--select=TID251", "--stdin-filename=src/treadle/new.py", "-"]
    done = subprocess.run(command, input=f"{line}\n", capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert "TID251" in done.stdout, done.stdout + done.stderr
