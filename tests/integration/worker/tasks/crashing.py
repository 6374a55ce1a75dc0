"""Handlers that take their process with them."""

from __future__ import annotations

import ctypes
import os
import subprocess

from treadle import JobContext, job

from ._signals import hold, may_go_on, shut_gate, tell


@job("crash")
async def crash(ctx: JobContext) -> int:
    """Crashes the interpreter, in a process that it shares, until the test lets it be."""
    if not may_go_on(ctx):
        ctypes.string_at(0)
    return ctx.attempt


@job("crash.apart", isolation="process")
def crash_apart(ctx: JobContext) -> int:
    return ctypes.string_at(0)[0]


@job("crash.later")
def crash_later(ctx: JobContext) -> int:
    """Crashes when the test says so, and only the first time; the second time it waits for the test again."""
    tell(ctx, "begun")
    hold(ctx)
    if ctx.attempt == 1:
        shut_gate(ctx)
        ctypes.string_at(0)
    return ctx.attempt


@job("leave.apart", isolation="process")
def leave_apart(ctx: JobContext) -> None:
    os._exit(7)


@job("spawn", timeout_seconds=600)
def spawn(ctx: JobContext) -> int:
    """Starts a program of its own, and never ends."""
    program = subprocess.Popen(["sleep", "600"])
    tell(ctx, f"spawned {program.pid}")
    hold(ctx)
    return program.pid
