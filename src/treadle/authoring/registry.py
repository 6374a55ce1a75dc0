"""The handlers that a process knows, by the name of the type they carry out."""

from __future__ import annotations

from collections.abc import Iterator

from treadle.authoring.decorators import AnyHandler
from treadle.domain.errors import Conflict


class Registry:
    """Handlers by type. A type has one handler."""

    def __init__(self) -> None:
        self._handlers: dict[str, AnyHandler] = {}

    def add(self, *handlers: AnyHandler) -> None:
        """Adds all of them, or none: raises Conflict, naming both places, where the type of one has another already."""
        merged = dict(self._handlers)
        for handler in handlers:
            known = merged.setdefault(handler.type, handler)
            if known is not handler:
                raise Conflict(f'"{handler.type}" is declared twice: at {known.source} and at {handler.source}')
        self._handlers = merged

    def get(self, type_: str) -> AnyHandler | None:
        """The handler of a type, or None."""
        return self._handlers.get(type_)

    def __iter__(self) -> Iterator[AnyHandler]:
        return iter(self._handlers.values())

    def __len__(self) -> int:
        return len(self._handlers)
