"""Paths for sockets of the file system, by which the processes of one machine reach each other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

LONGEST_NAME: Final = 48
"""How many bytes the name of a socket in a `reachable` folder may have."""

_LONGEST_PATH: Final = 100
"""The path of a socket holds 104 to 108 bytes, by the system."""

_DESCRIPTORS: Final = Path("/proc/self/fd")
_SHORT: Final = Path("/tmp")  # noqa: S108 - a folder of our own is made there; TMPDIR may be long itself


@contextmanager
def reachable(folder: Path) -> Iterator[str]:
    """A path of a folder, however deep it lies, that is short enough for sockets in it, until the block ends."""
    if len(os.fsencode(folder)) + 1 + LONGEST_NAME <= _LONGEST_PATH:
        yield str(folder)
    elif _DESCRIPTORS.is_dir():
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield f"{_DESCRIPTORS}/{descriptor}"
        finally:
            os.close(descriptor)
    else:
        with TemporaryDirectory(prefix="treadle-", dir=_SHORT) as short:
            link = Path(short) / "at"
            link.symlink_to(folder.resolve())
            yield str(link)
