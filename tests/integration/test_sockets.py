"""Sockets in folders whatever their path, on systems of either kind."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest

from treadle import sockets


@pytest.mark.parametrize("descriptors", [True, False], ids=["by descriptor", "by link"])
@pytest.mark.parametrize("depth", [0, 100, 200])
def test_a_socket_in_a_folder_of_any_depth_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, depth: int, descriptors: bool
) -> None:
    folder = tmp_path / ("a" * depth)
    folder.mkdir(exist_ok=True)
    name = "x" * sockets.LONGEST_NAME
    if not descriptors:
        monkeypatch.setattr(sockets, "_DESCRIPTORS", tmp_path / "none")
    with closing(_datagrams()) as listener, closing(_datagrams()) as teller:
        with sockets.reachable(folder) as path:
            listener.bind(f"{path}/{name}")
        assert (folder / name).is_socket()
        with sockets.reachable(folder) as path:
            teller.sendto(b"told", f"{path}/{name}")
        assert listener.recv(16) == b"told"
        assert not Path(path).exists() or Path(path) == folder


def _datagrams() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
