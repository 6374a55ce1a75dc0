"""What runs say: all of it in their own logs, in order, live, and no more than is kept."""

from __future__ import annotations

import pytest

from tests.support.workers import Lab
from treadle.domain.logs import StoredLogLine
from treadle.domain.runs import State


def shown(lines: list[StoredLogLine]) -> list[tuple[str, str, str]]:
    return [(line.stream.value, line.level.value, line.message) for line in lines]


@pytest.mark.parametrize("type_", ["talk", "talk.sync", "talk.apart"])
async def test_everything_a_handler_says_is_in_its_log_in_order(steady_lab: Lab, type_: str) -> None:
    first = await steady_lab.submit(type_)
    await steady_lab.finished(first)
    run_id = await steady_lab.submit(type_)  # the pool of the first one lives on
    run = await steady_lab.finished(run_id)
    assert run.state is State.COMPLETED, run.error
    await steady_lab.line(run_id, "never ended")
    lines = [line for line in await steady_lab.log(run_id) if "while imported" not in line.message]
    said = shown(lines)
    does_not_fit = [line for line in said if line[0] == "stderr" and line[2] != "warned"]
    assert any("not all arguments converted" in line[2] or "number is required" in line[2] for line in does_not_fit)
    assert [line for line in said if line not in does_not_fit] == [
        ("stdout", "info", "one line"),
        ("stdout", "info", "half a line, and its end"),
        ("stderr", "warning", "warned"),
        ("stdout", "info", "bytes: ä"),
        ("stdout", "info", "two"),
        ("stdout", "info", "lines"),
        ("log", "info", "info 1"),
        ("log", "error", "caught"),
        ("log", "debug", "detail"),
        ("log", "warning", "careful"),
        ("stdout", "info", "from a thread"),
        ("stdout", "info", f"from a pool for {run_id}"),
        ("stdout", "info", "\x1b[31mred\x1b[0m \ufffd False"),
        ("stdout", "info", "never ended"),
    ]
    by_message = {line.message: line for line in lines}
    assert by_message["careful"].fields == b'{"what":{"a":[1]},"thing":"<class \'object\'>"}'
    assert b"ValueError: inner" in (by_message["caught"].fields or b"")
    assert [line.at for line in lines] == sorted(line.at for line in lines)


async def test_an_isolated_handler_s_descriptors_are_its_log_too(steady_lab: Lab) -> None:
    run_id = await steady_lab.submit("talk.raw.apart")
    await steady_lab.finished(run_id)
    await steady_lab.line(run_id, "from a program")
    said = shown(await steady_lab.log(run_id))
    assert ("stdout", "info", "straight to the descriptor") in said
    assert ("stderr", "warning", "from a program") in said


async def test_threads_do_not_write_into_each_other_s_lines(steady_lab: Lab) -> None:
    run_id = await steady_lab.submit("talk.threads", inputs={"threads": 8, "lines": 200})
    await steady_lab.finished(run_id)
    expected = {f"{thread}: {line}" for thread in range(8) for line in range(200)}
    said = await _all(steady_lab, run_id, len(expected))
    assert set(said) == expected


async def test_a_line_can_be_read_while_the_run_goes_on(steady_lab: Lab) -> None:
    for run_id in (await steady_lab.submit("talk.then_wait"), await steady_lab.shell("echo listen; sleep 600")):
        assert (await steady_lab.line(run_id, "listen")).run_id == run_id
        assert (await steady_lab.read(run_id)).state is State.RUNNING
        steady_lab.site.open_gate(run_id)
        await steady_lab.cancel(run_id)
        await steady_lab.finished(run_id)


async def test_a_flood_is_cut_and_says_so(steady_lab: Lab) -> None:
    run_id = await steady_lab.submit("flood", inputs={"lines": 5_000})
    await steady_lab.finished(run_id)
    end = await steady_lab.line(run_id, "the log was cut here at 200000 bytes")
    lines = await steady_lab.log(run_id)
    assert lines[-1] == end
    assert "3020 lines" in end.message
    assert [line.message[:6] for line in lines[:-1]] == [f"{number:06}" for number in range(1_980)]


async def test_output_without_line_ends_comes_in_bounded_parts(steady_lab: Lab) -> None:
    run_id = await steady_lab.submit("progress")
    await steady_lab.finished(run_id)
    await steady_lab.line(run_id, "2%")
    lines = await steady_lab.log(run_id)
    assert [line.message for line in lines if line.stream == "stdout"] == ["", "0%", "1%", "2%"]
    long = [line.message for line in lines if line.stream == "stderr"]
    assert "".join(long) == "y" * 100_000
    assert max(map(len, long)) <= 16 * 1024


async def _all(lab: Lab, run_id: str, count: int) -> list[str]:
    """The messages of a run's log, once there are so many."""
    while len(lines := await lab.log(run_id)) < count:
        await lab.line(run_id, lines[-1].message if lines else "")
    return [line.message for line in lines]
