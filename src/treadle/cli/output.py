"""What commands write: data on standard output, all else on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from treadle.domain.errors import InvalidInput, TreadleError
from treadle.domain.logs import clean, coloured

_QUERY: Final = "query/"


def write_json(value: object) -> None:
    """One line of JSON, at once: a program may be waiting for it."""
    sys.stdout.write(written(msgspec.json.encode(value).decode()) + "\n")
    sys.stdout.flush()


def written(document: str) -> str:
    """A JSON document that says the same, with what could drive a terminal as an escape of JSON."""
    if document.isprintable():
        return document
    return "".join(each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in document)


def write_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table whose cells are never cut: drawn on a terminal, bare aligned columns where it is piped.

    Cells may be what others wrote: nothing in them drives the terminal.
    """
    cleaned = [[clean(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _draw(headers, cleaned)
    else:
        _align([headers, *cleaned])


def log_text(message: str) -> str:
    """A line of a run's log for standard output: coloured on a terminal, unless NO_COLOR is set, else bare text."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return clean(message)
    return coloured(message) + ("\x1b[0m" if "\x1b" in message else "")


def write_record(record: Mapping[str, object]) -> None:
    """One thing with all its fields, as YAML: for people to read, and for a file to keep."""
    import yaml

    for unicode in (True, False):  # without it whatever could drive a terminal is escaped, and every ë too
        page: str = yaml.safe_dump(record, sort_keys=False, allow_unicode=unicode, default_flow_style=False, width=120)
        if page.replace("\n", "").isprintable():
            break
    sys.stdout.write(page)


def confirm(question: str, *, ask: bool) -> None:
    """Asks before what cannot be undone. Raises InvalidInput where nobody can be asked, or the answer is not yes."""
    if not (ask and sys.stdin.isatty()):
        raise InvalidInput("this cannot be undone: say --yes where nobody can be asked")
    sys.stderr.write(f"treadle: {question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise InvalidInput("nothing was done")


def say(message: str) -> None:
    """A line for people."""
    said = "\n".join(map(clean, message.split("\n")))
    sys.stderr.write(f"treadle: {said}\n")


def say_more(page: Mapping[str, Any]) -> None:
    """How to go on, where a page is not the last."""
    if page["has_more"]:
        say(f"there are more: --cursor {page['next_cursor']}")


def complain(error: TreadleError) -> None:
    """Says what was wrong, a line for each problem, naming the field."""
    if isinstance(error, InvalidInput):
        for problem in error.problems:
            field = problem.pointer.removeprefix("/")
            if field.startswith(_QUERY):  # as its option is called
                field = field.removeprefix(_QUERY).replace("_", "-")
            say(f"{field}: {problem.message}" if field else problem.message)
    else:
        say(error.message)


def _draw(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        table.add_column(header, no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console()  # it honours NO_COLOR
    unbounded = console.options.update(max_width=sys.maxsize)
    console.width = max(console.width, console.measure(table, options=unbounded).maximum)
    console.print(table)


def _align(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
