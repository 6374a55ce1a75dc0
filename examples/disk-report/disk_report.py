"""Tells how full a disk is, and what fills a folder on it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from treadle import JobContext, job


@job("disk.report", timeout_seconds=600, max_retries=0)
def report(ctx: JobContext, path: str = "/var/log", top: int = 5, min_free_percent: float = 5) -> dict[str, Any]:
    """Measures a disk and the largest entries of a folder; fails where too little is free."""
    disk = shutil.disk_usage(path)
    free_percent = round(100 * disk.free / disk.total, 1)
    sizes = sorted(((size(entry), entry.name) for entry in Path(path).iterdir()), reverse=True)
    for taken, name in sizes[:top]:
        ctx.logger.info("uses", name=name, bytes=taken)
    if free_percent < min_free_percent:
        raise OSError(
            f"{free_percent}% of the disk of {path} is free, and {min_free_percent:g}% is the least it may be"
        )
    return {
        "path": path,
        "free_percent": free_percent,
        "largest": [{"name": name, "bytes": taken} for taken, name in sizes[:top]],
    }


def size(entry: Path) -> int:
    """The bytes of a file, or of all files below a folder; links count for nothing."""
    if entry.is_symlink():
        return 0
    if entry.is_dir():
        return sum(size(below) for below in entry.iterdir())
    return entry.stat().st_size
