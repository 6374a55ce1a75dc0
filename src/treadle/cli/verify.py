"""`treadle job verify`: whether a job is safe to retry."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

from cyclopts import Parameter

from treadle.authoring.discovery import discover
from treadle.authoring.registry import Registry
from treadle.cli.exits import Exit
from treadle.cli.inputs import Input, Set, read_inputs
from treadle.cli.options import AsJson, seconds
from treadle.cli.output import say, write_json, write_table
from treadle.cli.progress import Progress
from treadle.cli.project import with_project
from treadle.domain.documents import load_json
from treadle.domain.errors import InvalidInput, NotFound, Problem, nearest
from treadle.proving.prover import Judged, Verdict, prove
from treadle.proving.recorder import recording
from treadle.proving.trials import Setting, open_lab
from treadle.settings import load_settings

Many = list[str] | None

_NOTHING: Final = b"{}"


def verify(
    job_id: str,
    /,
    *,
    set_: Set = None,
    input: Input = None,  # noqa: A002 - the option's name
    http: Annotated[Many, Parameter(help="An input that gets the URL of a server which records its calls.")] = None,
    http_env: Annotated[Many, Parameter(help="The same for a variable of the environment.")] = None,
    answer: Annotated[
        Many, Parameter(help="What that server answers: JSON for every path, or /PATH=JSON for one; {} by default.")
    ] = None,
    copy: Annotated[Many, Parameter(help="A file or a folder that is in the job's working folder beforehand.")] = None,
    files: Annotated[
        Many, Parameter(help="Which files in the job's working folder count, such as 'out/*.csv'; all by default.")
    ] = None,
    publish: Annotated[Many, Parameter(help="An event that the job waits for: NAME, or NAME=JSON.")] = None,
    tasks: Annotated[
        str | None, Parameter(help="Folders of task files; those of treadle.toml or TREADLE_TASKS, else tasks.")
    ] = None,
    timeout: Annotated[str, Parameter(help="How long one trial may take, such as 90s or 5m.")] = "60s",
    json: AsJson = False,
) -> Exit:
    """Runs a job again and again on a scratch engine, kills it (kill -9) after every step and every line of its log,
    resumes it, and compares what it has brought about with a run that was not disturbed. Needs no server.

    Exits 1 and names the point where the job is not safe to retry.
    """
    setting = Setting(
        job_id=job_id,
        inputs=read_inputs(input, set_ or []),
        recorder_inputs=http or (),
        recorder_variables=http_env or (),
        publish=[_event(text) for text in publish or ()],
        copies=[Path(each) for each in copy or ()],
        patterns=[_pattern(text) for text in files or ["**/*"]],
        timeout=seconds(timeout) or 0.0,
    )
    folders = with_project(load_settings(os.environ, tasks=tasks), tasks).task_folders
    registry = _find(job_id, folders)
    paths, default = _answers(answer or [])
    with TemporaryDirectory(prefix="treadle-verify-") as base, recording(paths, default) as recorder:

        async def run() -> Verdict:
            async with open_lab(Path(base), registry, folders, recorder) as lab:
                with Progress("points") as progress:
                    return await prove(lab, setting, progress.tell)

        verdict = asyncio.run(run())
    write_json(_told(verdict)) if json else _show(verdict)
    return Exit.OK if verdict.unsafe is None else Exit.RUN_FAILED


def _find(job_id: str, folders: tuple[Path, ...]) -> Registry:
    """What task files hold. Raises NotFound where the job is not among it, InvalidInput where it cannot be verified."""
    found = discover(*folders)
    handler = found.registry.get(job_id)
    if handler is None:
        broken = "".join(f"; {failure.file} was not loaded: {failure.message}" for failure in found.failures)
        known = [each.type for each in found.registry]
        where = os.pathsep.join(map(str, folders))
        raise NotFound(f"there is no job {job_id} in {where}{nearest(job_id, known)}{broken}")
    if not handler.spec.work.idempotent:
        raise InvalidInput(f"job {job_id} says of itself that it is not idempotent, so it is never tried again")
    if handler.spec.work.messages is not None:
        raise InvalidInput(
            f"job {job_id} takes messages, which trials have none of: verify what deals with one of them"
        )
    return found.registry


def _pattern(text: str) -> str:
    if not text or Path(text).is_absolute():
        raise InvalidInput([Problem("/files", f"{text!r:.60} is no pattern of files below the job's working folder")])
    return text


def _event(text: str) -> tuple[str, dict[str, Any]]:
    name, _, data = text.partition("=")
    value = load_json((data or "{}").encode())
    if not isinstance(value, dict):
        raise InvalidInput([Problem("/publish", f"{data:.60} is no JSON object")])
    return name, value


def _answers(texts: list[str]) -> tuple[dict[str, bytes], bytes]:
    """The answers by path, and that of every other path. Raises MalformedInput for what is no JSON."""
    paths, default = {}, _NOTHING
    for text in texts:
        path, equals, said = text.partition("=") if text.startswith("/") else ("", "=", text)
        if not equals:
            raise InvalidInput([Problem("/answer", f"{text!r:.60} is neither JSON nor /PATH=JSON")])
        load_json(said.encode())
        if path:
            paths[path] = said.encode()
        else:
            default = said.encode()
    return paths, default


def _show(verdict: Verdict) -> None:
    write_table(
        ["", "KILLED AFTER", "AT", "IT CAME TO"],
        (
            [str(each.number), _named(each), each.point.where, "; ".join(each.differences) or "the same"]
            for each in verdict.points
        ),
    )
    if verdict.varies:
        say(f"differs by itself from run to run, so that only its number was compared: {', '.join(verdict.varies)}")
    if (unsafe := verdict.unsafe) is None:
        points = "its only point" if len(verdict.points) == 1 else f"each of {len(verdict.points)} points"
        _conclude(f"{verdict.job_id} is safe to retry: killed at {points}, it came to the same")
        return
    at = f" ({unsafe.point.where})" if unsafe.point.where else ""
    said = "; ".join(unsafe.differences)
    _conclude(f"{verdict.job_id} is not safe to retry: killed after {_named(unsafe)}{at} and resumed, {said}")


def _conclude(sentence: str) -> None:
    sys.stdout.write(f"\n{sentence}\n")


def _named(judged: Judged) -> str:
    point = judged.point
    return f"its end ({point.name})" if point.what == "end" else f"{point.what} {point.name!r}"


def _told(verdict: Verdict) -> dict[str, Any]:
    points = [
        {
            "number": each.number,
            "what": each.point.what,
            "name": each.point.name,
            "where": each.point.where,
            "safe": not each.differences,
            "differences": each.differences,
        }
        for each in verdict.points
    ]
    unsafe = verdict.unsafe
    return {
        "job_id": verdict.job_id,
        "safe": unsafe is None,
        "unsafe_at": None if unsafe is None else points[unsafe.number - 1],
        "points": points,
        "varies": verdict.varies,
    }
