"""What the handlers' own ledger says of the log."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from treadle.domain.instants import Micros
from treadle.testing.history.across import Asked
from treadle.testing.history.lives import COMPLETED, Life
from treadle.testing.history.records import Entry, Violation, Word

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode_lines


def append(file: Path, entry: Entry) -> None:
    """Add a line, whole, whoever else does at the same time.

    It outlives its process at once. It is not flushed to the disk: faults are to end processes, not the machine.
    """
    fd = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(fd, _encode(entry) + b"\n")
    finally:
        os.close(fd)


def read(file: Path) -> list[Entry]:
    """All lines, in order."""
    return _decode(file.read_bytes())


def executed(ledger: Sequence[Entry], asked: Asked, lives: Mapping[str, Life], skew: Micros) -> Iterator[Violation]:
    """What was executed against the rules: without a claim, twice under one, before its time; and what never was."""
    seen: set[tuple[str, int, Word]] = set()
    keys: dict[str, set[str]] = defaultdict(set)
    for entry in ledger:
        life = lives.get(entry.run_id)
        if life is None or entry.token not in life.ends:
            yield Violation("I3", entry.run_id, f"executed under token {entry.token}, which nobody was given")
        if (entry.run_id, entry.token, entry.word) in seen:
            yield Violation("I4", entry.run_id, f"{entry.word} twice under token {entry.token}")
        due_at = asked[entry.run_id].due_at if entry.run_id in asked else None
        if due_at is not None and entry.at < due_at - skew:
            yield Violation("I12", entry.run_id, f"{entry.word} {due_at - entry.at} us before it was due")
        seen.add((entry.run_id, entry.token, entry.word))
        if entry.key:
            keys[entry.key].add(entry.run_id)
    for key, run_ids in keys.items():
        if len(run_ids) > 1:
            yield Violation("I10", key, f"{len(run_ids)} runs of it were executed: {sorted(run_ids)}")
    for life in lives.values():
        for token, end in life.ends.items():
            if end == COMPLETED and (life.run_id, token, Word.ENDED) not in seen:
                yield Violation(
                    "I1", life.run_id, f"completed under token {token}, and its handler never came to its end"
                )
