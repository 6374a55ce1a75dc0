"""Answers that are kept for a while."""

from __future__ import annotations

import asyncio

import pytest

from treadle.services.kept import KeptEach

_LONG = 600.0


class _Asked:
    """Answers how often it was asked, once it is let."""

    def __init__(self) -> None:
        self.times = 0
        self.let = asyncio.Event()

    async def __call__(self) -> int:
        self.times += 1
        await self.let.wait()
        return self.times


async def test_whoever_asks_meanwhile_shares_the_answer() -> None:
    kept, asked = KeptEach[int](_LONG), _Asked()
    asking = [asyncio.create_task(kept("a", asked)) for _ in range(5)]
    asked.let.set()
    assert await asyncio.gather(*asking) == [1] * 5
    assert await kept("a", asked) == 1


async def test_each_question_has_its_own_answer() -> None:
    kept, asked = KeptEach[int](_LONG), _Asked()
    asked.let.set()
    assert [await kept(question, asked) for question in ("a", "b", "a")] == [1, 2, 1]


async def test_an_answer_that_is_old_is_asked_for_anew_and_nothing_of_it_stays() -> None:
    kept, asked = KeptEach[int](0.0), _Asked()
    asked.let.set()
    assert await kept("a", asked) == 1
    await asyncio.sleep(0)  # the loop lets go of what is due
    await asyncio.sleep(0)
    assert await kept("a", asked) == 2
    assert len(kept._kept) == 1


async def test_what_failed_is_asked_again() -> None:
    kept, answers = KeptEach[int](_LONG), iter([None, 2])

    async def ask() -> int:
        if (answer := next(answers)) is None:
            raise ValueError("not this time")
        return answer

    with pytest.raises(ValueError, match="not this time"):
        await kept("a", ask)
    assert await kept("a", ask) == 2


async def test_who_gives_up_takes_no_answer_from_the_others() -> None:
    kept, asked = KeptEach[int](_LONG), _Asked()
    first, second = (asyncio.create_task(kept("a", asked)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    asked.let.set()
    assert await second
