"""Where the secrets that a job names come from."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from treadle.domain.environment import is_variable_name
from treadle.domain.errors import Forbidden, InvalidInput, NotFound

ENVIRONMENT_PREFIX: Final = "TREADLE_SECRET_"


class SecretSource(Protocol):
    """Hands out the secrets of one domain."""

    async def get(self, name: str) -> str:
        """The value of a secret. Raises NotFound, InvalidInput for what is no name, Forbidden for one kept unsafely."""
        ...


class LocalSecrets:
    """Secrets of this machine: the variable `TREADLE_SECRET_<NAME>`, else the file NAME in a folder.

    One newline at a file's end is not part of the secret. A file that others than its owner can read is refused.
    """

    def __init__(self, folder: Path | None, environ: Mapping[str, str] | None = None) -> None:
        """`environ` is the worker's environment unless given."""
        self._folder = folder
        self._environ = os.environ if environ is None else environ

    async def get(self, name: str) -> str:
        """The value of a secret; see `SecretSource`."""
        if not is_variable_name(name):
            raise InvalidInput(f"{name!r} is no name of a secret: letters, digits and underscores, no digit first")
        variable = ENVIRONMENT_PREFIX + name
        if variable in self._environ:
            return self._environ[variable]
        if self._folder is None:
            raise NotFound(f"secret {name} is missing: the worker has no variable {variable}")
        try:
            return _read_private(self._folder / name).removesuffix("\n")
        except FileNotFoundError:
            raise NotFound(
                f"secret {name} is missing: the worker has neither the variable {variable}"
                f" nor the file {self._folder / name}"
            ) from None


def _read_private(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise Forbidden(f"the secret in {path} can be read by others (mode {mode:04o}): run chmod 600 {path}")
        return file.read()
