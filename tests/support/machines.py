"""A machine of its own, as far as the network goes: a namespace with one cable to this one, which can be pulled out."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


class Machine:
    """A namespace. `within` is what to run a process by that is to live in it; `gateway` is this machine's address."""

    def __init__(self, name: str, subnet: int) -> None:
        self.within = ("ip", "netns", "exec", name)
        self.gateway = f"10.213.{subnet}.1"
        self._cable = f"{name}-0"

    def pull(self) -> None:
        """Pull the cable: what is sent gets lost, and no connection is told."""
        _ip("link", "set", self._cable, "down")

    def plug(self) -> None:
        """Plug it in again."""
        _ip("link", "set", self._cable, "up")


@contextmanager
def machine() -> Iterator[Machine]:
    """A machine, until the block ends. Skips the test where namespaces are not permitted."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("needs root and iproute2, to make a network namespace: apt-get install iproute2")
    token, subnet = secrets.token_hex(3), secrets.randbelow(250)
    name = f"tr{token}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"network namespaces are not permitted here: {made.stderr.strip()}")
    one = Machine(name, subnet)
    try:
        _ip("link", "add", f"{name}-0", "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("address", "add", f"{one.gateway}/24", "dev", f"{name}-0")
        _ip("link", "set", f"{name}-0", "up")
        _ip("-n", name, "address", "add", f"10.213.{subnet}.2/24", "dev", "eth0")
        _ip("-n", name, "link", "set", "eth0", "up")
        _ip("-n", name, "link", "set", "lo", "up")
        yield one
    finally:
        _ip("netns", "del", name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
