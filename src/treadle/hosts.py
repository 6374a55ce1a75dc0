"""Names under which a server may be called: the defence against DNS rebinding."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit


def is_own_name(host: str, allowed: Collection[str]) -> bool:
    """Whether a request's `Host` is an IP address, which cannot be rebound, `localhost`, or a name that is allowed."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        if name == "localhost" or name in allowed:
            return True
        ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether an address or name stays on this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
