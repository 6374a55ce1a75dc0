"""A private folder for one attempt of a program, gone when the attempt has ended.

Where the process that made it was killed, the next one that starts on the machine deletes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from treadle.domain.json import Json
from treadle.executors.base import CannotRun
from treadle.executors.outcomes import MAX_RESULT_BYTES

_PREFIX: Final = "treadle-run-"
_RUNNABLE: Final = 0o700
_PRIVATE: Final = 0o600

_LOCKED_WITHIN_SECONDS: Final = 60.0
"""A younger folder may not be locked yet by who has just made it."""


class Scratch:
    """The folder (mode 0700) with the inputs, the script, a place for the result and an empty folder to work in."""

    def __init__(self, parent: Path | None) -> None:
        """`parent` is where the folder is made; the system's place for temporary files unless given."""
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        self._lock = _Lock(self.folder)  # the system lets go of it when this process ends, in whatever way
        with suppress(OSError):  # a file system without locks: what is left behind there stays
            self._lock.take()
        self.inputs = self.folder / "inputs.json"
        self.result = self.folder / "result.json"
        self.script = self.folder / "script"
        self.work = self.folder / "work"
        self.work.mkdir(_RUNNABLE)

    def write_inputs(self, inputs: Json) -> None:
        """Stores the inputs for standard input and for `TREADLE_INPUTS_FILE`."""
        _write(self.inputs, inputs, _PRIVATE)

    def write_script(self, text: str) -> None:
        """Stores the script for its interpreter."""
        _write(self.script, text.encode(), _RUNNABLE)

    def write(self, name: str, data: bytes) -> Path:
        """Stores something else that only the attempt may read."""
        _write(path := self.folder / name, data, _PRIVATE)
        return path

    def read(self, path: Path, limit: int) -> bytes | None:
        """The first `limit` bytes of a file that the program left, None where it left none.

        Raises CannotRun for what is no regular file or cannot be read.
        """
        try:
            with open(path, "rb", opener=_no_follow) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise CannotRun("result_invalid", "TREADLE_RESULT_FILE is no longer a regular file")
                return file.read(limit)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CannotRun("result_invalid", f"TREADLE_RESULT_FILE cannot be read: {error.strerror}") from None

    def read_result(self) -> Json | None:
        """The JSON that the program left as its result, None where it left none. Raises CannotRun for anything else."""
        data = self.read(self.result, MAX_RESULT_BYTES + 1)
        return _checked(data) if data is not None and data.strip() else None

    def remove(self) -> None:
        """Deletes the folder with everything the program left in it."""
        with closing(self._lock):
            _delete(self.folder)


def remove_abandoned(parent: Path | None = None) -> list[Path]:
    """Deletes the folders below `parent` whose processes are gone, and answers them. One that is in use is locked."""
    place = Path(tempfile.gettempdir()) if parent is None else parent
    removed = []
    for folder in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # in use, another's, or another process has just deleted it
            stands = folder.lstat()
            if stands.st_uid != os.getuid() or time.time() - stands.st_mtime < _LOCKED_WITHIN_SECONDS:
                continue
            with closing(_Lock(folder)) as lock:
                lock.take()
                _delete(folder)
            removed.append(folder)
    return removed


class _Lock:
    """Who takes it has the folder. Raises OSError where another process has it, or there is no such folder."""

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)

    def take(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        os.close(self._descriptor)


def _delete(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except PermissionError:
        # Programs leave folders that may not be written (a Go module cache); they are ours all the same.
        for below, _, _ in os.walk(folder):
            Path(below).chmod(_RUNNABLE)
        shutil.rmtree(folder)


def _write(path: Path, data: bytes, mode: int) -> None:
    with open(path, "xb", opener=partial(os.open, mode=mode)) as file:
        file.write(data)


def _no_follow(path: str, flags: int) -> int:
    """A program may have put anything in a file's place: a link is not followed and a pipe not waited for."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _checked(data: bytes) -> Json:
    if len(data) > MAX_RESULT_BYTES:
        raise CannotRun(
            "result_too_large", f"the result in TREADLE_RESULT_FILE is larger than {MAX_RESULT_BYTES} bytes of JSON"
        )
    try:
        return msgspec.json.encode(msgspec.json.decode(data))
    except (msgspec.DecodeError, RecursionError) as error:
        raise CannotRun("result_invalid", f"the result in TREADLE_RESULT_FILE is not JSON: {error}") from None
