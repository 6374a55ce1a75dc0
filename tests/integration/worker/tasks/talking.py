"""Handlers that say something, in every way there is."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from treadle import JobContext, job

from ._signals import hold

POOL = ThreadPoolExecutor(1)
LOGGER = logging.getLogger("mine")

print("said while imported")
LOGGER.warning("warned while imported")


def _talk(ctx: JobContext) -> None:
    print("one", "line")
    print("half a line, ", end="")
    print("and its end")
    print("warned", file=sys.stderr)
    sys.stdout.buffer.write("bytes: \u00e4\n".encode())
    print("two\nlines")
    LOGGER.info("info %d", 1)
    LOGGER.debug("too small to be kept")
    LOGGER.error("does not fit: %d", "x")
    try:
        raise ValueError("inner")
    except ValueError:
        LOGGER.exception("caught")
    ctx.logger.debug("detail", n=1)
    ctx.logger.warning("careful", what={"a": [1]}, thing=object)
    thread = threading.Thread(target=print, args=("from a thread",))
    thread.start()
    thread.join()
    POOL.submit(print, f"from a pool for {ctx.run_id}").result()
    sys.stdout.close()
    print("\x1b[31mred\x1b[0m \udc80", sys.stdout.isatty())
    print("never ended", end="")


@job("talk")
async def talk(ctx: JobContext) -> None:
    _talk(ctx)


@job("talk.sync")
def talk_sync(ctx: JobContext) -> None:
    _talk(ctx)


@job("talk.apart", isolation="process")
def talk_apart(ctx: JobContext) -> None:
    _talk(ctx)


@job("talk.raw.apart", isolation="process")
def talk_raw_apart(ctx: JobContext) -> None:
    os.write(1, b"straight to the descriptor\n")
    subprocess.run("echo from a program >&2", shell=True, check=True)  # noqa: S602 - no input in it


@job("talk.threads")
def talk_threads(ctx: JobContext, threads: int, lines: int) -> None:
    """Many threads print at once, each line in two writes."""

    def say(number: int) -> None:
        for line in range(lines):
            print(f"{number}:", end="")
            print(f" {line}")

    started = [threading.Thread(target=say, args=(number,)) for number in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


@job("talk.then_wait")
def talk_then_wait(ctx: JobContext) -> None:
    print("listen")
    hold(ctx)


@job("flood")
def flood(ctx: JobContext, lines: int) -> None:
    for number in range(lines):
        print(f"{number:06}", "x" * 93)


@job("progress")
def progress(ctx: JobContext) -> None:
    """A bar that moves by carriage returns, and never ends its line."""
    for percent in range(3):
        print(f"\r{percent}%", end="")
    sys.stderr.write("y" * 100_000)
