"""Proves by trial whether a job is safe to retry: killed at each of its points and resumed, it comes to the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct

from treadle.domain.errors import InvalidInput
from treadle.domain.runs import TERMINAL, State
from treadle.executors.probe import Point
from treadle.proving.effects import What, differences, varying
from treadle.proving.trials import SLOTS, Lab, Setting, Trial


class Judged(Struct, frozen=True):
    """A point of a job, and what came out otherwise where the job was killed there; nothing where it is safe."""

    number: int
    point: Point
    differences: list[str]


class Verdict(Struct, frozen=True):
    """What the trials of a job came to. Of `varies` only the number was compared: each run has contents of its own."""

    job_id: str
    points: list[Judged]
    varies: list[str]

    @property
    def unsafe(self) -> Judged | None:
        """The first point at which the job is not safe to retry."""
        return next((each for each in self.points if each.differences), None)


async def prove(lab: Lab, setting: Setting, on_judged: Callable[[int, int], None]) -> Verdict:
    """Run a job twice undisturbed, and then once for each of its points, killed there and resumed.

    `on_judged` is told how many points of how many are judged. Raises InvalidInput where the job does not complete
    undisturbed, or passes no point.
    """
    clean, again = await asyncio.gather(lab.hold(setting), lab.hold(setting))
    for trial in (clean, again):
        if trial.run.state not in TERMINAL:
            raise InvalidInput(f"undisturbed, the run did not end within {setting.timeout:g} s: {trial.why}")
        if trial.run.state is not State.COMPLETED:
            raise InvalidInput(
                f"only what completes can be verified, but undisturbed the run came to this: {trial.why}"
            )
    varies = varying(clean.effects, again.effects)
    slots = asyncio.Semaphore(SLOTS)
    judged: list[Judged] = []

    async def judge(number: int) -> None:
        async with slots:
            judged.append(await _judge(lab, setting, number, clean, varies))
            on_judged(len(judged), len(clean.points))

    await asyncio.gather(*(judge(number) for number in range(1, len(clean.points) + 1)))
    judged.sort(key=lambda each: each.number)
    return Verdict(setting.job_id, judged, sorted(what.name for what in varies))


async def _judge(lab: Lab, setting: Setting, number: int, clean: Trial, varies: frozenset[What]) -> Judged:
    trial = await lab.hold(setting, number)
    if len(trial.points) < number:
        return Judged(
            number, clean.points[number - 1], ["this point was not reached again, so that nothing is known of it"]
        )
    return Judged(number, trial.points[number - 1], differences(clean.effects, trial.effects, varies))
