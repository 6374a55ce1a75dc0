"""How help looks: names in one column, what they mean in another, whatever the width of the terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from cyclopts.help import HelpEntry, HelpPanel
    from rich.console import Console, ConsoleOptions

_WIDEST_NAME: Final = 28
"""Beyond this the meaning of a name begins on a line of its own."""

_SILENT: Final = ("False", "None")
"""Defaults that tell nothing: that an option is off unless it is given goes without saying."""


class Row(NamedTuple):
    """A command, an argument or an option, and what it means."""

    name: str
    meaning: str


def row(entry: HelpEntry) -> Row:
    """An entry of a panel as it is told."""
    told = [plain(entry.description)]
    if entry.choices:
        told.append(f"One of: {', '.join(entry.choices)}.")
    if entry.default is not None and entry.default not in _SILENT:
        told.append(f"[default: {entry.default}]")
    if entry.required:
        told.append("[required]")
    return Row(", ".join(entry.display_labels_with_metavar), " ".join(filter(None, told)))


def plain(text: Any) -> str:
    """What a text of the command line says, in one paragraph each of its own, without styles."""
    inner = getattr(text, "primary_renderable", text)
    said = str(getattr(inner, "plain", inner) or "").strip()
    return "\n\n".join(" ".join(part.split()) for part in said.split("\n\n"))


class HelpFormatter:
    """What cyclopts calls to show help."""

    def render_usage(self, console: Console, options: ConsoleOptions, usage: Any) -> None:
        """The first line."""
        console.file.write(f"Usage: {plain(usage).removeprefix('Usage: ')}\n\n")

    def render_description(self, console: Console, options: ConsoleOptions, description: Any) -> None:
        """What the command does."""
        for part in plain(description).split("\n\n"):
            console.file.write(f"{textwrap.fill(part, console.width, break_on_hyphens=False)}\n\n")

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """A list of commands, arguments or options."""
        rows = [row(entry) for entry in panel.entries]
        if not rows:
            return
        column = min(max(len(each.name) for each in rows), _WIDEST_NAME) + 4
        console.file.write(f"{plain(panel.title)}:\n")
        for each in rows:
            wrapped = textwrap.wrap(each.meaning, max(console.width - column, 20), break_on_hyphens=False)
            first = f"  {each.name}".ljust(column)
            apart = len(each.name) + 4 > column
            lines = [first, *wrapped] if apart else [first + next(iter(wrapped), ""), *wrapped[1:]]
            console.file.write(f"\n{' ' * column}".join(lines).rstrip() + "\n")
        console.file.write("\n")
