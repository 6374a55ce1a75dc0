"""How a handler tells its test how far it is, and is told to go on: datagrams one way, files the other."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from treadle import JobContext


def tell(ctx: JobContext, word: str) -> None:
    """Send a word to the test, with what says whose it is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        message = f"{ctx.run_id} {ctx.attempt} {ctx.token} {os.getpid()} {word}"
        line.sendto(message.encode(), os.environ["TREADLE_TEST_SOCKET"])


def may_go_on(ctx: JobContext) -> bool:
    """Whether the test has let this run go on."""
    return _gate(ctx).exists()


def shut_gate(ctx: JobContext) -> None:
    """Take back the test's word: the run's next attempt will wait for another."""
    _gate(ctx).unlink()


def hold(ctx: JobContext) -> None:
    """Wait for the test, whatever else happens."""
    while not may_go_on(ctx):
        time.sleep(0.01)


def _gate(ctx: JobContext) -> Path:
    return Path(os.environ["TREADLE_TEST_GATES"]) / ctx.run_id
