"""Handlers that take messages, and do to them what their payload says."""

from __future__ import annotations

import os
import signal

from treadle import JobContext, job

from ._signals import hold, tell

MESSAGES = {"type": "mail", "batch_size": 4, "max_attempts": 3, "preserve_order": True, "trigger": True}


@job("mail", messages=MESSAGES, max_retries=0)
def mail(ctx: JobContext) -> int:
    """Tells of each message; refuses it, waits with it or dies of it where it says so."""
    for message in ctx.messages.take():
        what = message.payload["what"]
        if what == "refuse":
            ctx.messages.fail(message, ValueError("not this one"))
            continue
        if what == "hold" and message.attempt == 1:
            tell(ctx, "held")
            hold(ctx)
        if what == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "break":
            raise RuntimeError(f"broken by {message.payload['n']}")
        tell(ctx, f"did {message.payload['n']}")
    return len(ctx.messages)


@job("mail.apart", messages=MESSAGES, max_retries=0, isolation="process")
async def mail_apart(ctx: JobContext) -> int:
    """The same in a process of its own."""
    return mail(ctx)


@job("mail.none")
def mail_none(ctx: JobContext) -> int:
    """Takes messages that its job does not ask for."""
    return len(ctx.messages)
