"""What a figure depends on: the machine, its load, the disk, the versions."""

from __future__ import annotations

import os
import platform
import statistics
import time
from pathlib import Path
from typing import Any, Final

import apsw
import psutil

import treadle
from treadle.domain.errors import InvalidInput

_NO_DISK: Final = ("tmpfs", "ramfs")
_FLUSHES: Final = 50


def describe(folder: Path) -> dict[str, Any]:
    """The machine as it is now. Raises InvalidInput where `folder` is not on a disk: a commit would cost nothing."""
    filesystem = _filesystem(folder)
    if filesystem in _NO_DISK:
        raise InvalidInput(f"{folder} lies on {filesystem}, where nothing is flushed: give a folder on a disk by --dir")
    return {
        "cpu": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load_1min": round(os.getloadavg()[0], 2),
        "kernel": platform.release(),
        "filesystem": filesystem,
        "flush_us": round(_flush_us(folder)),
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "treadle": treadle.__version__,
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _filesystem(folder: Path) -> str:
    """The type of the file system with the longest mount point above the folder."""
    target = folder.resolve()
    above = [each for each in psutil.disk_partitions(all=True) if target.is_relative_to(each.mountpoint)]
    return max(above, key=lambda each: len(each.mountpoint)).fstype


def _flush_us(folder: Path) -> float:
    """Median microseconds of a page appended and flushed, which bounds the commits of one caller."""
    path = folder / "flush"
    taken = []
    with path.open("wb", buffering=0) as file:
        for _ in range(_FLUSHES):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - began) * 1e6)
    path.unlink()
    return statistics.median(taken)
