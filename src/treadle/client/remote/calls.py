"""What the API can be asked, written once for sync and async code.

An operation is a function that turns its arguments into a `Call`. Seen through a noun of an `AsyncClient` it answers a
coroutine, through one of a `Client` the answer itself: the type of the noun decides, and type checkers know.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

from msgspec import UNSET, Struct, UnsetType

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Sync:
    """Answers come as they are."""


class Async:
    """Answers are awaited."""


M = TypeVar("M", Sync, Async)


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """A page of a list. `next_cursor` is null on the last one."""

    items: list[T]
    next_cursor: str | None
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T_co]):
    """One request, and the type of its answer. Query values that are None are left out; a sequence repeats its key.

    `key` is the idempotency key of an operation that takes one: None lets the client make one, so that it may repeat
    the call. `fine` are statuses that refuse nothing: what comes with them is the answer. An `idempotent` one comes to
    the same however often it is made, whatever its method.
    """

    method: str
    path: str
    answer: Any
    query: Mapping[str, object] = field(default_factory=dict)
    body: object = UNSET
    key: str | UnsetType | None = UNSET
    if_match: int | str | None = None
    fine: tuple[int, ...] = ()
    idempotent: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether a call without an answer may be made again: it does nothing twice, and says the same."""
        if self.key is not UNSET or self.idempotent or self.method == "GET":
            return True
        return self.method in ("PUT", "DELETE") and self.if_match is None


class Answer(Struct, Generic[T], frozen=True):
    """What a call was answered, with the headers that came with it."""

    value: T
    headers: Mapping[str, str]

    @property
    def etag(self) -> str | None:
        """What `if_match` wants for a change of just this state."""
        said = self.headers.get("etag")
        return None if said is None else said.strip('"')


class Way(Protocol):
    """How the calls of a client are carried out: what comes back is an answer, or what is awaited for it."""

    def call(self, call: Call[Any]) -> Any: ...
    def answer(self, call: Call[Any]) -> Any: ...
    def pages(self, call: Call[Page[Any]]) -> Any: ...
    def follow(self, call: Call[Any]) -> Any: ...


class Noun(Generic[M]):
    """The operations on one kind of thing."""

    def __init__(self, way: Way) -> None:
        self._way = way

    @property
    def way(self) -> Way:
        """How they are carried out."""
        return self._way


class AsyncPages(Generic[T]):
    """A list, page after page as it is gone through: `async for run in client.runs.list(…)`."""

    def __init__(self, ask: Callable[[Call[Page[T]]], Awaitable[Page[T]]], call: Call[Page[T]]) -> None:
        self._ask = ask
        self._call = call

    async def page(self, cursor: str | None = None) -> Page[T]:
        """One page by itself: the first, or the one at a cursor."""
        return await self._ask(_at(self._call, cursor))

    async def __aiter__(self) -> AsyncIterator[T]:
        cursor = None
        while True:
            page = await self.page(cursor)
            for item in page.items:
                yield item
            if (cursor := page.next_cursor) is None:
                return


class Pages(Generic[T]):
    """A list, page after page as it is gone through: `for run in client.runs.list(…)`."""

    def __init__(self, ask: Callable[[Call[Page[T]]], Page[T]], call: Call[Page[T]]) -> None:
        self._ask = ask
        self._call = call

    def page(self, cursor: str | None = None) -> Page[T]:
        """One page by itself: the first, or the one at a cursor."""
        return self._ask(_at(self._call, cursor))

    def __iter__(self) -> Iterator[T]:
        cursor = None
        while True:
            page = self.page(cursor)
            yield from page.items
            if (cursor := page.next_cursor) is None:
                return


class Method(Protocol[P, T]):
    """An operation as sync code calls it; `answer` has the headers too."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T: ...
    def answer(self, *args: P.args, **kwargs: P.kwargs) -> Answer[T]: ...


class AsyncMethod(Protocol[P, T]):
    """`Method` for async code."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]: ...
    def answer(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, Answer[T]]: ...


class Operation(Generic[P, T]):
    """An operation with one answer."""

    def __init__(self, build: Callable[Concatenate[Any, P], Call[T]]) -> None:
        self.build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, noun: Noun[Async], owner: object = None) -> AsyncMethod[P, T]: ...
    @overload
    def __get__(self, noun: Noun[Sync], owner: object = None) -> Method[P, T]: ...
    def __get__(self, noun: Any, owner: object = None) -> Any:
        if noun is None:
            return self
        method = _carried_out(self.build, noun, noun.way.call)
        method.answer = _carried_out(self.build, noun, noun.way.answer)
        return method


class Listing(Generic[P, T]):
    """An operation that lists, page by page."""

    def __init__(self, build: Callable[Concatenate[Any, P], Call[Page[T]]]) -> None:
        self.build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, noun: Noun[Async], owner: object = None) -> Callable[P, AsyncPages[T]]: ...
    @overload
    def __get__(self, noun: Noun[Sync], owner: object = None) -> Callable[P, Pages[T]]: ...
    def __get__(self, noun: Any, owner: object = None) -> Any:
        return self if noun is None else _carried_out(self.build, noun, noun.way.pages)


class Stream(Generic[P, T]):
    """An operation that tells things as they happen; it is taken up again where it broke off, with none left out."""

    def __init__(self, build: Callable[Concatenate[Any, P], Call[T]]) -> None:
        self.build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, noun: Noun[Async], owner: object = None) -> Callable[P, AsyncIterator[T]]: ...
    @overload
    def __get__(self, noun: Noun[Sync], owner: object = None) -> Callable[P, Iterator[T]]: ...
    def __get__(self, noun: Any, owner: object = None) -> Any:
        return self if noun is None else _carried_out(self.build, noun, noun.way.follow)


def said(**values: object) -> dict[str, object]:
    """A body of the values that were given."""
    return {name: value for name, value in values.items() if value is not UNSET}


def _at(call: Call[Page[T]], cursor: str | None) -> Call[Page[T]]:
    return call if cursor is None else replace(call, query={**call.query, "cursor": cursor})


def _carried_out(build: Callable[..., Call[Any]], noun: Noun[Any], way: Callable[[Call[Any]], Any]) -> Any:
    def carry_out(*args: Any, **kwargs: Any) -> Any:
        return way(build(noun, *args, **kwargs))

    return update_wrapper(carry_out, build)
