"""examples/backup-folder: what is packed can be restored, and only the newest archives stay."""

from __future__ import annotations

import filecmp
import os
import subprocess
from pathlib import Path

import pytest

from tests.examples.conftest import EXAMPLES
from tests.support.product import Product, said


@pytest.fixture(scope="module")
def backup(product: Product) -> str:
    return product.define(EXAMPLES / "backup-folder" / "job.yaml")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "my photos"
    (folder / "2026" / "empty").mkdir(parents=True)
    (folder / "notes.txt").write_text("first\n")
    (folder / "2026" / "sea.raw").write_bytes(os.urandom(200_000))
    (folder / "latest").symlink_to("2026/sea.raw")
    return folder


def same(one: Path, other: Path) -> bool:
    compared = filecmp.dircmp(one, other)
    _, different, unreadable = filecmp.cmpfiles(one, other, compared.common_files, shallow=False)
    if compared.left_only or compared.right_only or different or unreadable:
        return False
    return all(same(one / name, other / name) for name in compared.common_dirs)


def test_an_archive_restores_to_what_was_packed(product: Product, backup: str, source: Path, tmp_path: Path) -> None:
    run = product.run(backup, {"source": str(source), "target": str(tmp_path / "archives")})
    assert run["status"] == "completed"
    archive = Path(run["result"]["archive"])
    assert run["result"] == {"archive": str(archive), "entries": 6, "bytes": archive.stat().st_size}
    (tmp_path / "restored").mkdir()
    subprocess.run(["tar", "-xzf", archive, "-C", tmp_path / "restored"], check=True)
    assert same(source, tmp_path / "restored" / source.name)
    assert (tmp_path / "restored" / source.name / "latest").readlink() == Path("2026/sea.raw")
    assert ("stdout", f"packed 6 entries into {archive}") in said(run)


def test_only_the_newest_archives_stay(product: Product, backup: str, source: Path, tmp_path: Path) -> None:
    target = tmp_path / "archives"
    target.mkdir()
    (target / "other.tar.gz").touch()
    made = []
    for _ in range(3):
        run = product.run(backup, {"source": str(source), "target": str(target), "keep": 2})
        made.append(run["result"]["archive"])
    assert sorted(map(str, target.iterdir())) == sorted([*made[-2:], str(target / "other.tar.gz")])
    assert ("stdout", f"removed {made[0]}") in said(run)


@pytest.mark.parametrize(
    ("inputs", "complaint"),
    [
        ({"source": "/no/such/folder", "target": "/tmp"}, "there is no folder /no/such/folder to back up"),
        ({"source": "/etc"}, "give the inputs source and target"),
        ({"source": "/etc", "target": "/tmp", "keep": 0}, "the input keep is 0: it has to be a number from 1"),
    ],
)
def test_what_it_cannot_do_is_refused(product: Product, backup: str, inputs: dict[str, object], complaint: str) -> None:
    run = product.run(backup, inputs)
    assert run["status"] == "failed"
    assert run["error"]["code"] == "exit_code"
    assert complaint in run["error"]["message"]
    assert ("stderr", complaint) in said(run)
