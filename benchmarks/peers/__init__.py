"""Peers on the same server: each has its own environment, made on first use, and a script that does its side of cases.

The environments lie in a cache folder outside of the checkout. A peer's versions are pinned, so that figures of
different days are of the same code.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from msgspec import Struct

from benchmarks.measure import Figures, Options, Part, say
from benchmarks.servers import database_url


class Peer(Struct, frozen=True):
    """A peer: what it needs, and how many runs are drained of it, which is less where it is slow."""

    name: str
    needs: tuple[str, ...]
    drained: int


PGQUEUER: Final = Peer("pgqueuer", ("pgqueuer[asyncpg]==1.6.0", "asyncpg==0.32.0", "uvloop==0.23.0"), 20_000)
PROCRASTINATE: Final = Peer("procrastinate", ("procrastinate==3.10.0", "psycopg[binary,pool]==3.3.9"), 1_000)


def part(options: Options, peer: Peer, case: str, count: int) -> Part:
    """A peer's side of a case, on a fresh database: `drain` in runs per second, `enqueue` by one caller and in bulk."""

    async def measure(_round: int) -> Figures:
        python = await asyncio.to_thread(_environment, peer)
        with TemporaryDirectory(dir=options.folder) as folder:
            url = database_url(Path(folder))
            script = Path(__file__).parent / f"{peer.name}_side.py"
            command = (str(python), str(script), case, url, str(count))
            process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
            said, _ = await process.communicate()
        assert process.returncode == 0, command
        figures: dict[str, float] = json.loads(said)
        return {peer.name if name == case else name: value for name, value in figures.items()}

    return measure


def _environment(peer: Peer) -> Path:
    """The interpreter of a peer's environment."""
    told = blake2b(" ".join((sys.version, *peer.needs)).encode(), digest_size=4).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    place = cache / "treadle-bench" / f"{peer.name}-{told}"
    python = place / "bin" / "python"
    if not (place / "ready").exists():
        say(f"  making an environment for {peer.name}")
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *peer.needs], check=True, stdout=sys.stderr.fileno())
        (place / "ready").touch()
    return python
