"""What a job has brought about, and how two of these differ. Pure, but for reading files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from msgspec import Struct

Effects: TypeAlias = Mapping["What", tuple[str, ...]]
"""Everything of which there may be one, none or more, with the contents of each in a fixed order."""

_SHOWN: Final = 60
_TIMES: Final = {0: "never", 1: "once", 2: "twice"}


class What(Struct, frozen=True):
    """A kind of effect. `does` is what happens to it, such as "was called"; empty for what has a content, no number."""

    name: str
    does: str = ""


def gather(found: Iterable[tuple[What, str]], hide: Mapping[str, str]) -> Effects:
    """Effects from single ones. What differs from trial to trial in them is hidden: `hide` says behind what."""
    gathered: dict[What, list[str]] = defaultdict(list)
    for what, content in found:
        for text, mask in hide.items():
            content = content.replace(text, mask)
        gathered[what].append(content)
    return {what: tuple(sorted(contents)) for what, contents in gathered.items()}


def files(folder: Path, patterns: Sequence[str]) -> Iterator[tuple[What, str]]:
    """The files below a folder that fit one of the patterns, such as `out/*.csv`."""
    chosen = {path for pattern in patterns for path in folder.glob(pattern) if path.is_file()}
    for path in sorted(chosen):
        yield What(f"file {path.relative_to(folder)}"), path.read_bytes().decode(errors="backslashreplace")


def varying(one: Effects, other: Effects) -> frozenset[What]:
    """Of the effects of two undisturbed trials those whose contents are others each time; only their number counts."""
    return frozenset(what for what in one.keys() & other.keys() if one[what] != other[what])


def differences(expected: Effects, seen: Effects, varies: Collection[What]) -> list[str]:
    """What is otherwise than expected, in words."""
    told = []
    for what in sorted(expected.keys() | seen.keys(), key=lambda what: what.name):
        wanted, found = expected.get(what, ()), seen.get(what, ())
        if len(wanted) != len(found):
            told.append(_counted(what, len(wanted), len(found)))
        elif wanted != found and what not in varies:
            told.append(_changed(what, wanted, found))
    return told


def _counted(what: What, wanted: int, found: int) -> str:
    if what.does:
        return f"{what.name} {what.does} {_times(found)}, not {_times(wanted)}"
    return f"{what.name} is missing" if wanted else f"{what.name} is there and should not be"


def _changed(what: What, wanted: Sequence[str], found: Sequence[str]) -> str:
    before, after = next(pair for pair in zip(wanted, found, strict=True) if pair[0] != pair[1])
    if max(len(before), len(after)) <= _SHOWN and "\n" not in before.strip() + after.strip():
        return f"{what.name} is {after.strip()}, not {before.strip()}"
    lines, wanted_lines = len(after.splitlines()), len(before.splitlines())
    return f"{what.name} has other content: {lines} lines, {wanted_lines} expected"


def _times(count: int) -> str:
    return _TIMES.get(count, f"{count} times")
