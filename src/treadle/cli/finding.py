"""Which server a command talks to, with which token, and in which domain."""

from __future__ import annotations

import os

from treadle.cli import options
from treadle.cli.server import Server
from treadle.client.remote.place import Place, of_folder, of_profile, of_url
from treadle.domain.errors import InvalidInput, Problem


def find_server(where: options.Place | None = None) -> Server:
    """The server that the options name, else the environment, else the profile in use.

    That is `--data` or `--profile`; then `TREADLE_URL` with `TREADLE_TOKEN`, or `TREADLE_PROFILE`, or `TREADLE_DATA`;
    then what `treadle profile use` says; then the one that `treadle up` runs on `.treadle`. `TREADLE_DOMAIN` names the
    domain to act in. Raises Unavailable where there is no server, Unauthorized where its token is not to be had, and
    InvalidInput for options, an URL or a token that can be none.
    """
    _check_environment()
    place = _place(where or options.Place())
    return Server(place.url, place.token, place.domain, certificate=place.certificate, remedy=place.remedy)


def _check_environment() -> None:
    """A variable that is misspelt would have a command act elsewhere. Raises InvalidInput."""
    if any(name.startswith("TREADLE_") for name in os.environ):
        from treadle.settings import unknown_settings

        if problems := unknown_settings(os.environ):
            raise InvalidInput(problems)


def _place(where: options.Place) -> Place:
    if where.data and where.profile:
        raise InvalidInput([Problem("/profile", "--profile and --data name two servers: leave one out")])
    if where.data:
        return of_folder(where.data, os.environ)
    if where.profile:
        return of_profile(where.profile, os.environ)
    url, profile = os.environ.get("TREADLE_URL"), os.environ.get("TREADLE_PROFILE")
    if url and profile:
        raise InvalidInput([Problem("TREADLE_PROFILE", "names a server beside TREADLE_URL: unset one of them")])
    if url:
        return of_url(url, os.environ)
    data = os.environ.get("TREADLE_DATA")
    return of_profile(profile, os.environ) if profile or not data else of_folder(data, os.environ)
