"""What a worker counts: its parent for itself, each of its children in memory that the parent can read."""

from __future__ import annotations

from treadle.meters.tally import Rows, Tally, merged


class Tallies:
    """The tallies of a worker's processes. What a child has counted stays when it has ended."""

    def __init__(self, own: Tally) -> None:
        self._own = own
        self._children: dict[int, Tally] = {}
        self._ended: Rows = {}

    def add(self, fd: int) -> None:
        """A child counts in the shared memory of this descriptor."""
        self._children[fd] = Tally.over(fd)

    def end(self, fd: int) -> None:
        """The child has ended."""
        self._ended = merged([self._ended, self._children.pop(fd).read()])

    def read(self) -> Rows:
        """All that was counted so far."""
        return merged([self._own.read(), self._ended, *(tally.read() for tally in self._children.values())])
