"""`treadle top`: everything at a glance, live."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

import msgspec

from treadle.cli.finding import find_server
from treadle.cli.options import AsJson, Where
from treadle.cli.output import write_json
from treadle.cli.server import Server
from treadle.cli.terminal import DOWN, TAB, UP, Keyboard, keyboard
from treadle.cli.top_state import Snapshot, View, look, press
from treadle.domain.errors import InvalidInput, TreadleError

_NOT_SOONER: Final = 0.25
"""How long at least lies between two looks, however much happens."""

_NOT_LATER: Final = 2.0
"""How long at most: heartbeats and what waits tell of themselves by no event."""

_MOVES: Final = {UP: -1, "k": -1, DOWN: 1, "j": 1}
_DOES: Final = frozenset("rcep")


def top(*, where: Where = None, json: AsJson = False) -> None:
    """Shows queues, workers and runs, live; by keys a run is retried or cancelled, and a queue paused.

    The arrows (or j and k) select, tab goes from runs to queues and back. r retries the selected run, c cancels it
    after a yes, e explains why it does not run; p pauses or resumes its queue, or the selected one; q quits. With
    --json it prints how everything stands, once.

    Example: treadle top
    """
    server = find_server(where)
    if json:
        write_json(msgspec.to_builtins(look(server)))
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InvalidInput("needs a terminal: `treadle top --json` tells once how everything stands")
    if os.environ.get("TERM", "dumb") == "dumb":
        raise InvalidInput("needs a terminal that can be drawn on (TERM says dumb): `treadle top --json` tells once")
    first = look(server)  # where nobody answers, this says so before anything is drawn
    with keyboard() as keys:
        feed = Feed(server, first, keys.wake)
        feed.start()
        _show(server, feed, keys)


class Feed:
    """Looks again whenever the event stream tells of something, in threads that end with the process."""

    def __init__(self, server: Server, first: Snapshot, changed: Callable[[], None]) -> None:
        self.snapshot = first
        self.stale = ""
        """Since when nothing new is known, and why; empty where all is well."""
        self._server = server
        self._changed = changed
        self._dirty = threading.Event()

    def start(self) -> None:
        """Begin."""
        for work in (self._follow, self._look):
            threading.Thread(target=work, daemon=True).start()

    def look_soon(self) -> None:
        """Something was done: look without waiting for word of it."""
        self._dirty.set()

    def _follow(self) -> None:
        """Wake the other thread at every event. Where the stream ends it is taken up again; `_look` tells of it."""
        while True:
            try:
                for _ in self._server.stream("/events"):
                    self._dirty.set()
            except TreadleError:
                pass
            self._dirty.set()
            time.sleep(_NOT_LATER)

    def _look(self) -> None:
        since = time.monotonic()
        while True:
            self._dirty.wait(_NOT_LATER)
            self._dirty.clear()
            try:
                self.snapshot = look(self._server)
                self.stale, since = "", time.monotonic()
            except TreadleError as error:
                self.stale = f"stale since {time.monotonic() - since:.0f} s: {error.message}"
            self._changed()
            time.sleep(_NOT_SOONER)


def _show(server: Server, feed: Feed, keys: Keyboard) -> None:
    from rich.console import Console
    from rich.live import Live

    from treadle.cli.top_screen import screen

    console = Console()  # it honours NO_COLOR
    view = View()
    with Live(console=console, screen=True, auto_refresh=False, transient=True) as live:
        while not keys.ending:
            view = view.seeing(feed.snapshot)
            width, height = console.size
            live.update(screen(view, url=server.url, stale=feed.stale, width=width, height=height), refresh=True)
            for key in keys.wait(_NOT_LATER):
                if key == "q" and not view.asks:
                    return
                view = _after(view, key, server)
                feed.look_soon()


def _after(view: View, key: str, server: Server) -> View:
    """The view after a key; keys that mean nothing change nothing."""
    if view.asks or key in _DOES:
        return press(view, key, server)
    if key == TAB:
        return view.other_pane()
    return view.moved(_MOVES[key]) if key in _MOVES else view
