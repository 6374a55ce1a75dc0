"""How a worker process has its interpreter: for many short runs beside the engine's thread."""

from __future__ import annotations

import gc
import sys
from typing import Final

SWITCH_SECONDS: Final = 0.0001
"""How long a thread may keep the interpreter while another wants it. The engine's thread asks for it after each of a
trip's twenty statements: a trip beside busy handlers takes so much longer each time."""

COLLECT_AFTER: Final = 10_000
"""How many more objects than before are there when the collector looks for cycles among them. The runs of a batch are
some thousands, and no cycles: by Python's own figure, 700, it would look through them with every batch."""


def set_up_interpreter() -> None:
    """To be called once, at the start of the process."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(COLLECT_AFTER)
