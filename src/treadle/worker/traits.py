"""What this machine is, as far as the affinity of jobs may ask for it."""

from __future__ import annotations

import getpass
import platform
import socket
from collections.abc import Iterable

import psutil

from treadle.domain.affinity import Traits
from treadle.settings import Settings, names

_INTERNET = (socket.AF_INET, socket.AF_INET6)


def read_traits(settings: Settings, capabilities: Iterable[str] = ()) -> Traits:
    """The traits of a worker in this process; `capabilities` are those that it has beside what the settings name."""
    addresses = {
        address.address.partition("%")[0]  # an IPv6 address of a link names it
        for of_interface in psutil.net_if_addrs().values()
        for address in of_interface
        if address.family in _INTERNET
    }
    return Traits(
        os=platform.system().lower(),
        tags=names(settings.tags),
        users=names(settings.allowed_users) or (_user(),),
        hostname=socket.gethostname(),
        addresses=tuple(sorted(addresses)),
        deployment_type=settings.deployment_type,
        capabilities=tuple(sorted(settings.offered.union(capabilities))),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return ""
