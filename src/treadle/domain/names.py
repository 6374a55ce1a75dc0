"""Names that people give: of jobs, queues and domains."""

from __future__ import annotations

import re
from typing import Final

MAX_JOB_ID: Final = 200
MAX_QUEUE_NAME: Final = 100
MAX_DOMAIN_NAME: Final = 100

# The last group says "the end" to both Python and JSON Schema: Python's `$` would let a final line feed through.
NAME_PATTERN: Final = r"^[A-Za-z0-9_][A-Za-z0-9._:-]*(?![\s\S])"
NAME_LETTERS: Final = "letters, digits, '.', '_', '-' and ':', beginning with a letter, a digit or '_'"
_NAME: Final = re.compile(NAME_PATTERN)


def is_name(text: str, longest: int) -> bool:
    """Whether `text` can be the name of a queue or a domain."""
    return len(text) <= longest and _NAME.match(text) is not None
