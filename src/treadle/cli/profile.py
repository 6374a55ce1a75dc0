"""`treadle profile`: the servers that were logged in to."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import App, Parameter
from msgspec import structs

from treadle.cli.completing import profile_names
from treadle.cli.login import say_what_goes_before
from treadle.cli.options import AsJson
from treadle.cli.output import write_json, write_record, write_table
from treadle.client.profiles import LOCAL, Config, read_config, shown, write_config

app = App(name="profile", help="Profiles: the servers that were logged in to, and which is in use.")

Name = Annotated[str, Parameter(completer=profile_names)]


@app.command(name="list")
def list_profiles(*, json: AsJson = False) -> None:
    """Lists profiles; the one in use has a star.

    Example: treadle profile list
    """
    config = read_config()
    found = [_told(config, name) for name in (LOCAL, *config.profiles)]
    if json:
        write_json({"items": found})
        return
    write_table(
        ["", "PROFILE", "URL", "DOMAIN"],
        (
            ["*" if each["in_use"] else "", str(each["profile"]), str(each["url"] or "-"), str(each["domain"] or "-")]
            for each in found
        ),
    )


@app.command
def use(name: Name, /, *, json: AsJson = False) -> None:
    """Uses a profile from now on; `local` is the server that `treadle up` runs here.

    Example: treadle profile use local
    """
    config = read_config().using(name)
    write_config(config)
    if json:
        write_json(_told(config, name))
    else:
        sys.stdout.write(f"{name} is in use\n")
        say_what_goes_before()


@app.command
def show(name: Annotated[str | None, Parameter(completer=profile_names)] = None, /, *, json: AsJson = False) -> None:
    """Shows a profile, the one in use by default; of its token the last four characters.

    Example: treadle profile show
    """
    config = read_config()
    told = _told(config, name or config.profile)
    write_json(told) if json else write_record(told)


@app.command
def remove(name: Name, /, *, json: AsJson = False) -> None:
    """Forgets a profile. Its token stays good: `treadle logout` ends one that a login has made.

    Example: treadle profile remove treadle.example.com
    """
    write_config(read_config().without(name))
    if json:
        write_json({"profile": name, "removed": True})
    else:
        sys.stdout.write(f"{name} is forgotten\n")


def _told(config: Config, name: str) -> dict[str, object]:
    """A profile as it is shown: without what opens it."""
    in_use = name == config.profile
    if name == LOCAL:
        return {"profile": LOCAL, "in_use": in_use, "url": "", "token": "", "domain": ""}
    fields = {field: shown(field, value) for field, value in structs.asdict(config.get(name)).items()}
    return {"profile": name, "in_use": in_use, **fields}
