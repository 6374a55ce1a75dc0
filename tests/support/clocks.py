"""A wall clock that jumps while processes go by it; what only ever goes forward stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_LIBRARIES: Final = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/local/lib/faketime/libfaketimeMT.so.1")


class JumpingClock:
    """Set by `jump`; processes see it within a second. `environment` is what they are started with."""

    def __init__(self, folder: Path, library: Path) -> None:
        folder.chmod(0o755)  # a server under another user reads it too
        self._file = folder / "clock"
        self.jump("+0")
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "PYTHONPATH": str(Path(__file__).parent / "faked_clock"),
        }

    @property
    def command(self) -> tuple[str, ...]:
        """What to run a process by that goes by this clock."""
        return ("env", *(f"{name}={value}" for name, value in self.environment.items()))

    def jump(self, to: str) -> None:
        """Set it to so far from the true time: `-1h`, `+10y`."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{to}\n")
        new.replace(self._file)


def faketime_library() -> Path | None:
    """Where libfaketime is, if it is installed."""
    for pattern in _LIBRARIES:
        for found in Path("/").glob(pattern.removeprefix("/")):
            return found
    return None
