"""`treadle config`: the configuration by its keys."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import App, Parameter
from msgspec import structs

from treadle.cli.options import AsJson, NoInput
from treadle.cli.output import write_json, write_table
from treadle.cli.secret import read_secret
from treadle.client.profiles import SECRETS, Config, Profile, config_file, read_config, shown, write_config
from treadle.client.remote.place import base_of, check_domain, check_token
from treadle.domain.errors import InvalidInput, NotFound, Problem, nearest

app = App(name="config", help="The configuration of the command line: a TOML file, key by key.")

Key = Annotated[str, Parameter(help="profile, or profiles.NAME.url, profiles.NAME.token, profiles.NAME.domain.")]

_PROFILE = "profile"
_FIELDS = tuple(field.name for field in structs.fields(Profile))


@app.command(name="list")
def list_values(*, json: AsJson = False) -> None:
    """Lists all that is set; of tokens the last four characters.

    Example: treadle config list --json
    """
    values = {key: shown(key.rpartition(".")[2], value) for key, value in _values(read_config()).items()}
    if json:
        write_json(values)
    else:
        write_table(["KEY", "VALUE"], ([key, value] for key, value in values.items()))


@app.command
def get(key: Key, /, *, json: AsJson = False) -> None:
    """Prints one value, a token whole. Exits 4 where it is not set.

    Example: treadle config get profile
    """
    _split(key)
    value = _values(read_config()).get(key)
    if value is None:
        raise NotFound(f"{key} is not set")
    write_json({key: value}) if json else sys.stdout.write(f"{value}\n")


@app.command(name="set")
def set_value(
    key: Key,
    value: Annotated[str | None, Parameter(help="The value; that of a token comes from standard input.")] = None,
    /,
    *,
    no_input: NoInput = False,
    json: AsJson = False,
) -> None:
    """Sets one value. A token is never taken from the command line, where others see it.

    Example: treadle config set profiles.treadle.example.com.domain team-b
    """
    name, field = _split(key)
    if field in SECRETS:
        if value is not None:
            raise InvalidInput([Problem(f"/{key}", "is a secret: leave it out here, and give it on standard input")])
        value = read_secret(field, None, ask=not no_input).strip()
        check_token(value, f"/{key}")
    if value is None:
        raise InvalidInput([Problem("/value", f"say what {key} is to be")])
    if field == "url":
        value = base_of(value, f"/{key}")
    elif field == "domain":
        check_domain(value, f"/{key}")
    _keep(name, field, value)
    write_json({key: shown(field, value)}) if json else sys.stdout.write(f"{key} is {shown(field, value)}\n")


@app.command
def unset(key: Key, /, *, json: AsJson = False) -> None:
    """Sets one value back to its default; `treadle profile remove` forgets a whole profile.

    Example: treadle config unset profile
    """
    name, field = _split(key)
    if field == "url":
        raise InvalidInput([Problem(f"/{key}", f"a profile needs it: treadle profile remove {name}")])
    _keep(name, field, Config().profile if field == _PROFILE else "")
    write_json({"key": key, "unset": True}) if json else sys.stdout.write(f"{key} is not set\n")


@app.command
def path(*, json: AsJson = False) -> None:
    """Prints where the configuration is kept.

    Example: treadle config path
    """
    file = str(config_file())
    write_json({"path": file}) if json else sys.stdout.write(f"{file}\n")


def _values(config: Config) -> dict[str, str]:
    """Every key that is set, and its value."""
    values = {_PROFILE: config.profile}
    for name, profile in config.profiles.items():
        values |= {f"profiles.{name}.{field}": value for field, value in structs.asdict(profile).items() if value}
    return values


def _split(key: str) -> tuple[str, str]:
    """The profile's name and the field that a key means. Raises InvalidInput for what is no key."""
    if key == _PROFILE:
        return "", _PROFILE
    path, _, field = key.rpartition(".")
    name = path.removeprefix("profiles.")
    if name == path or field not in _FIELDS:
        known = [_PROFILE, *(f"profiles.{path.partition('.')[2] or 'NAME'}.{each}" for each in _FIELDS)]
        raise InvalidInput([Problem("/key", f"there is no key {key}{nearest(key, known)}: {', '.join(known)}")])
    return name, field


def _keep(name: str, field: str, value: str) -> None:
    config = read_config()
    if field == _PROFILE:
        write_config(config.using(value))
    elif name in config.profiles or field == "url":
        standing = config.profiles.get(name, Profile(url=value))
        write_config(config.having(name, structs.replace(standing, **{field: value})))
    else:
        raise NotFound(f"there is no profile {name}: `treadle login` makes one")
