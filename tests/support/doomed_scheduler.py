"""A scheduler that dies of SIGKILL while it carries out a bulk action.

`python -m tests.support.doomed_scheduler within 2` dies in the transaction that does part 2, before it is committed;
`after 2` once it is.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

from treadle.engines.sql.bulk_actions import BulkActions
from treadle.scheduler.main import run
from treadle.settings import load_settings

_VERBS = {"within": "_do", "after": "advance"}


def doom(when: str, position: int) -> None:
    """Let the verb at which it is to die be its last at this position."""
    verb = getattr(BulkActions, _VERBS[when])

    async def die(self: BulkActions, *arguments: Any, **named: Any) -> Any:
        answer = await verb(self, *arguments, **named)
        step = next(each for each in arguments if hasattr(each, "action"))
        if step.action.position == position:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(BulkActions, _VERBS[when], die)


if __name__ == "__main__":
    doom(sys.argv[1], int(sys.argv[2]))
    asyncio.run(run(load_settings(os.environ)))
