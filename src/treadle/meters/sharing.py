"""Processes on one data folder tell their figures to the API there, through a socket each for the folder's owner alone.

Whoever connects is sent all figures, and then the end. A process that died leaves its socket behind; whoever finds
nobody there removes it.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from treadle.meters.tally import Rows, merged
from treadle.sockets import reachable

_FOLDER: Final = "meters"
_PATIENCE_SECONDS: Final = 1.0
_decoder: Final = msgspec.msgpack.Decoder(list[tuple[tuple[str, ...], list[float]]])


@asynccontextmanager
async def offered(data: Path, role: str, read: Callable[[], Rows]) -> AsyncIterator[None]:
    """Let the API on this data folder see what this process counts, until the block ends."""
    folder = data / _FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{role}-{os.getpid()}"

    async def tell(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            writer.write(msgspec.msgpack.encode(list(read().items())))
            await writer.drain()
        writer.close()

    with reachable(folder) as base, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        (folder / name).unlink(missing_ok=True)  # of a process that had the same number
        listener.bind(f"{base}/{name}")
        server = await asyncio.start_unix_server(tell, sock=listener)
        try:
            yield
        finally:
            server.close()
            (folder / name).unlink(missing_ok=True)


async def collected(data: Path) -> Rows:
    """What the other processes on a data folder have counted, summed up. Who does not answer soon is left out."""
    folder = data / _FOLDER
    if not folder.is_dir():
        return {}
    with reachable(folder) as base:
        return merged(await asyncio.gather(*(_ask(f"{base}/{name}") for name in os.listdir(folder))))  # noqa: PTH208


async def _ask(path: str) -> Rows:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            reader, writer = await asyncio.open_unix_connection(path)
            told = await reader.read()
            writer.close()
    except ConnectionRefusedError:
        os.unlink(path)  # noqa: PTH108 - the path leads through a descriptor
        return {}
    except (OSError, TimeoutError):
        return {}
    return dict(_decoder.decode(told)) if told else {}
