"""The soak's clients: they call, note what they were told, and call again with the same key where they were not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import httpx2
from msgspec.structs import replace

from tests.chaos.soak.orders import Order, Orders
from tests.integration.api.streams import read_messages
from treadle.testing.history import Answer, Cancelled, Submitted
from treadle.testing.history.lives import FINAL

_UNANSWERED: Final = (httpx2.HTTPError, AttributeError)
"""What a call ends in whose server was killed. Where that is between accept and the first byte, the library asks a
socket that the loop has let go of already for the name of its peer, and trips over it."""

_PAUSE_SECONDS: Final = 0.05
_MOST_UNDER_WAY: Final = 400
"""Runs that wait or run at one time: the faults are to meet runs, not a queue of them."""


class Clients:
    """Clients of one API that share what they know: what they were told, and what they heard of its log."""

    def __init__(self, http: httpx2.AsyncClient, orders: Orders) -> None:
        self.submitted: list[Submitted] = []
        self.cancelled: list[Cancelled] = []
        self.followed: list[int] = []
        self._http = http
        self._orders = orders
        self._open: set[str] = set()
        self._ended: set[str] = set()
        self._accepted = 0
        self._news = asyncio.Event()

    @property
    def accepted(self) -> int:
        """How many runs they were told to be accepted."""
        return self._accepted

    @property
    def under_way(self) -> int:
        """How many of them they have not heard to have ended."""
        return len(self._open)

    async def submit(self, orders: Iterator[Order], most: int) -> None:
        """One client: submits until all together have so many runs."""
        while self._accepted < most:
            while len(self._open) > _MOST_UNDER_WAY:
                await self._hear()
            order = next(orders)
            run_ids = await self._insist(order)
            self._accepted += len(run_ids)
            self._open |= {*run_ids} - self._ended
            if len(run_ids) == 1:
                self._orders.parents.append(run_ids[0])
            if order.cancel_after is not None:
                await asyncio.sleep(order.cancel_after)
                await self._cancel(run_ids[-1])

    async def follow(self) -> None:
        """Follow the log until cancelled, from where the connection broke each time it does."""
        while True:
            last = self.followed[-1] if self.followed else 0
            headers = {"Accept": "text/event-stream", "Last-Event-ID": str(last)}
            with suppress(*_UNANSWERED):
                async with self._http.stream("GET", "/events", headers=headers) as response:
                    if response.status_code == 200:
                        async for message in read_messages(response):
                            if message.id is not None and message.event not in ("", ":"):
                                self._note(message.id, message.event, message.data)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def switch_off(self, job_id: str) -> None:
        """Let the schedules of a job fire no more."""
        while (answer := await self._call(f"/jobs/{job_id}/disable", None, {})) is None:  # noqa: ASYNC110
            await asyncio.sleep(_PAUSE_SECONDS)
        assert answer.status_code == 200, answer.text

    async def heard(self, seq: int) -> None:
        """Returns once they were told of an event of the log."""
        while not self.followed or self.followed[-1] < seq:
            await self._hear()

    async def _hear(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _note(self, seq: int, type_: str, data: Any) -> None:
        self.followed.append(seq)
        if type_ in FINAL:
            self._ended.add(data["subject"])
            self._open.discard(data["subject"])
        self._news.set()

    async def _insist(self, order: Order) -> list[str]:
        """Make a call until it is answered; the ids of its runs."""
        headers = {"Idempotency-Key": order.key}
        while (answer := await self._call(order.path, order.body, headers)) is None:
            self.submitted += order.asks
            await asyncio.sleep(_PAUSE_SECONDS)
        assert answer.status_code in (200, 202), answer.text
        told = answer.json()
        run_ids = [*told["members"], told["join"]["run_id"]] if "members" in told else [told["run_id"]]
        asks = order.asks
        if len(asks) > 1:
            asks = [*asks[:-1], replace(asks[-1], parents=tuple(run_ids[:-1]))]
        self.submitted += [
            replace(ask, answer=Answer.OK, run_id=run_id) for ask, run_id in zip(asks, run_ids, strict=True)
        ]
        return run_ids

    async def _cancel(self, run_id: str) -> None:
        answer = await self._call(f"/runs/{run_id}/cancel", None, {})
        if answer is None:
            self.cancelled.append(Cancelled(run_id, Answer.UNKNOWN))
        else:
            assert answer.status_code in (200, 409), answer.text
            self.cancelled.append(Cancelled(run_id, Answer.OK if answer.status_code == 200 else Answer.FAIL))

    async def _call(self, path: str, body: Any, headers: dict[str, str]) -> httpx2.Response | None:
        """The answer; None where there was none, or one that says that the engine could not be asked."""
        try:
            answer = await self._http.post(path, json=body, headers=headers)
        except _UNANSWERED:
            return None
        return None if answer.status_code == 503 else answer
