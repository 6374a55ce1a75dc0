"""Which failures are one and the same: by the class of the error and the place where it came up.

Of an exception the place is the innermost frame of the handler's own code: its file, its function and the line of code
there, not the line's number, which changes with every edit. Of any other error it is the job, and the message tells the
difference, without what differs from run to run: addresses, ids, numbers, quoted texts, moments.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final, NamedTuple

from treadle.domain.outcomes import RunError

MAX_TITLE: Final = 200

_FRAME: Final = re.compile(
    r'^  File "(?P<file>[^"\n]*)", line \d+, in (?P<function>[^\n]*)\n(?:    (?P<code>[^\n]*)\n)?', re.M
)
_NOT_THEIRS: Final = re.compile(
    r"[/\\](site-packages|dist-packages|lib[/\\]python3[^/\\]*|treadle[/\\](authoring|executors|worker))[/\\]|^<frozen "
)
_ENDS: Final = ("\n\nDuring handling of the above exception", "\n\nThe above exception was the direct cause")
_OF_PROGRAMS: Final = frozenset({"exit_code", "signal", "completion"})
_LOOKED_AT: Final = 1_000
"""Characters of a text that are looked at: others write it, and the time that patterns take grows with its square."""
_TOLD_APART: Final = 2
"""Parts of a file's path that are told: where a checkout lies differs from machine to machine."""

_VARIES: Final = (
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.I), "<id>"),
    (re.compile(r"\b[a-z]{2,5}_[0-9a-f]{32}\b"), "<id>"),
    (re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>]+", re.I), "<url>"),
    (re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b"), "<email>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"), "<time>"),
    (re.compile(r"\b0x[0-9a-f]+\b", re.I), "<address>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b", re.I), "<id>"),
    (re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"), "<address>"),
    (re.compile(r"(?:/tmp|/var/tmp|/var/folders)(?:/[^\s'\":,]+)+"), "<path>"),
    (re.compile(r"'[^'\n]*'|\"[^\"\n]*\""), "<text>"),
    (re.compile(r"(?<![a-z<])[-+]?\d+(?:[.,]\d+)*", re.I), "<n>"),
)
"""What differs between equal failures, in the order in which it is looked for."""


class Fingerprint(NamedTuple):
    """What a failure is known by. `kind` is the class of the error, `place` where it came up."""

    id: str
    kind: str
    place: str
    title: str


def fingerprint(error: RunError | None, job_id: str) -> Fingerprint:
    """The fingerprint of how a run of a job failed. Equal ones have the same id."""
    error = error or RunError("unknown", "")
    kind = error.type or error.code
    frame = own_frame(error.traceback)
    title = error.message.partition("\n")[0][:MAX_TITLE]
    same = frame if frame is not None else ("", job_id, told(error))
    digest = blake2b("\0".join((kind, *same)).encode(), digest_size=16).hexdigest()
    place = f"job {job_id}" if frame is None else f"{frame[0]} in {frame[1]}"
    return Fingerprint(f"flg_{digest}", kind, place, title)


def told(error: RunError) -> str:
    """The first line of an error's message without what varies.

    Of a program it is the rule that was broken, as it is: one exit code is not another.
    """
    message = error.message.partition("\n")[0]
    if error.code in _OF_PROGRAMS:
        return message.partition("; the last line of stderr: ")[0][:MAX_TITLE]
    return without_varying(message)


def without_varying(text: str) -> str:
    """A text without what differs from run to run."""
    text = text[:_LOOKED_AT]
    for pattern, name in _VARIES:
        text = pattern.sub(name, text)
    return text[:MAX_TITLE]


def own_frame(traceback: str) -> tuple[str, str, str] | None:
    """The file, the function and the line of code in which an error came up, as the innermost frame that is of no
    library tells them; None where there is no frame at all."""
    last = max((traceback.rfind(end) for end in _ENDS), default=-1)
    frames = list(_FRAME.finditer(traceback, max(last, 0))) or list(_FRAME.finditer(traceback))
    if not frames:
        return None
    theirs = [frame for frame in frames if not _NOT_THEIRS.search(frame["file"])]
    frame = (theirs or frames)[-1]
    file = "/".join(re.split(r"[/\\]", frame["file"])[-_TOLD_APART:])
    return file, frame["function"], without_varying((frame["code"] or "").strip())
