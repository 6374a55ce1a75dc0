"""The user's configuration: the servers that were logged in to, each with its token, and which of them is in use."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from pathlib import Path
from typing import Final

from msgspec import Struct, structs

from treadle.domain.errors import InvalidInput, NotFound, Problem, nearest
from treadle.domain.shapes import read

LOCAL: Final = "local"
"""The profile that is always there: the server that `treadle up` runs on the data folder."""

SECRETS: Final = frozenset({"token"})
"""The fields that are shown by their last four characters alone, and never taken from the command line."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,99}")
_OTHERS_BITS: Final = stat.S_IRWXG | stat.S_IRWXO
_HEAD: Final = "# Written by `treadle login`, `treadle profile` and `treadle config`. It holds tokens.\n"


class Profile(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A server, and as whom it is talked to. An empty `domain` is that of the token."""

    url: str
    token: str = ""
    domain: str = ""


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """All of the configuration. `profile` is the one in use."""

    profile: str = LOCAL
    profiles: dict[str, Profile] = {}

    def get(self, name: str) -> Profile:
        """The profile of a name. Raises NotFound."""
        if (found := self.profiles.get(name)) is None:
            raise NotFound(f"there is no profile {name}{nearest(name, self.profiles)}: `treadle login` makes one")
        return found

    def having(self, name: str, profile: Profile) -> Config:
        """The same with a profile under a name. Raises InvalidInput for a name that can be none."""
        if name == LOCAL or not _NAME.fullmatch(name):
            raise InvalidInput([Problem("/profile", f"{name!r:.60} can be no profile's name: take one such as work")])
        return structs.replace(self, profiles={**self.profiles, name: profile})

    def using(self, name: str) -> Config:
        """The same with another profile in use. Raises NotFound."""
        if name != LOCAL:
            self.get(name)
        return structs.replace(self, profile=name)

    def without(self, name: str) -> Config:
        """The same without a profile; the local one is in use where it was. Raises NotFound."""
        self.get(name)
        rest = {each: profile for each, profile in self.profiles.items() if each != name}
        return Config(LOCAL if self.profile == name else self.profile, rest)


def config_file() -> Path:
    """Where the configuration is kept: in the folder that the platform has for it."""
    home = Path.home()
    default = home / "Library" / "Application Support" if sys.platform == "darwin" else home / ".config"
    return Path(os.environ.get("XDG_CONFIG_HOME") or default) / "treadle" / "config.toml"


def read_config() -> Config:
    """The configuration; an empty one where none was written. Raises InvalidInput for one that cannot be used."""
    file = config_file()
    try:
        text = file.read_text(encoding="utf-8")
        others = stat.S_IMODE(file.stat().st_mode) & _OTHERS_BITS
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} cannot be read: {error}") from error
    if others:
        raise InvalidInput(f"{file} holds tokens, and others on this machine may read it: chmod 600 it")
    return read(_parse(text, file), Config)


def write_config(config: Config) -> None:
    """Keep the configuration, whole or not at all, for its owner's eyes alone. Raises InvalidInput where it cannot."""
    file = config_file()
    text = _to_toml(config)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        written = file.with_name(f"{file.name}.{os.getpid()}")
        descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as new:
            new.write(text)
        written.replace(file)
    except OSError as error:
        raise InvalidInput(
            f"{file} cannot be written: {error.strerror}; XDG_CONFIG_HOME names another folder"
        ) from error


def shown(field: str, value: str) -> str:
    """A value as it may be shown."""
    return f"…{value[-4:]}" if field in SECRETS and value else value


def _parse(text: str, file: Path) -> object:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{file} is no TOML: {error}") from error


def _to_toml(config: Config) -> str:
    """TOML of texts alone, which are written as JSON writes them."""
    lines = [_HEAD, f"profile = {_text(config.profile)}\n"]
    for name, profile in config.profiles.items():
        lines.append(f"\n[profiles.{_text(name)}]\n")
        lines += [f"{field} = {_text(value)}\n" for field, value in structs.asdict(profile).items() if value]
    return "".join(lines)


def _text(value: str) -> str:
    if not value.isprintable():
        raise InvalidInput(f"{value!r:.60} holds a character that cannot be kept")
    return json.dumps(value, ensure_ascii=False)
