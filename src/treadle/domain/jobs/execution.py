"""The executor of a job's document and the program or handler that it means."""

from __future__ import annotations

from typing import Any, Final

from treadle.domain.environment import check_environment, name_fault
from treadle.domain.errors import Problem
from treadle.domain.jobs.document import ExecutorDocument, JobDocument
from treadle.domain.jobs.saying import said
from treadle.domain.work import Completion, Executor, Program, PythonHandler

_AT: Final = "/executor"
_PROGRAM: Final = frozenset({"argv", "command", "env", "workdir"})
_SHELL_SCRIPT: Final = frozenset({"script", "command", "shell", "args", "env", "workdir"})
_PYTHON_SCRIPT: Final = frozenset({"script", "code", "interpreter", "args", "env", "workdir"})
_HANDLER: Final = frozenset({"handler"})
_NO_EXECUTOR: Final = PythonHandler(handler="")


def read_executor(document: JobDocument, problems: list[Problem]) -> Executor:
    """What the document says to run; its faults go to `problems`."""
    executor = document.executor
    if executor is None:
        _refuse_program_keys(document, problems)
        return _NO_EXECUTOR if document.type is None else PythonHandler(handler=document.type)
    script = said({f"{_AT}/script": executor.script, f"{_AT}/code": executor.code}, problems)
    if executor.type == "shell":
        return _shell(document, executor, problems)
    if script is not None:
        _allow(executor, _PYTHON_SCRIPT, "a python script", problems)
        interpreter = executor.interpreter or "python3"
        return _program(
            document,
            executor,
            problems,
            script=script,
            interpreter=(interpreter,) if isinstance(interpreter, str) else interpreter,
        )
    if executor.handler is None and document.type is None:
        problems.append(Problem(_AT, "a python executor needs script, code or handler", "missing"))
        return _NO_EXECUTOR
    _allow(executor, _HANDLER, "a handler", problems)
    _refuse_program_keys(document, problems)
    return PythonHandler(handler=executor.handler or document.type or "")


def dump_executor(executor: Executor) -> dict[str, Any]:
    """The executor's part of a document."""
    if isinstance(executor, PythonHandler):
        return {"type": "python", "handler": executor.handler}
    document: dict[str, Any] = {"type": executor.requires}
    if executor.argv:
        document["argv"] = list(executor.argv)
    else:
        document["script"] = executor.script
        if executor.requires == "shell":
            document["shell"] = executor.interpreter[0]
        else:
            document["interpreter"] = list(executor.interpreter)
    if executor.args:
        document["args"] = list(executor.args)
    if executor.env:
        document["env"] = dict(executor.env)
    if executor.workdir:
        document["workdir"] = executor.workdir
    return document


def _shell(document: JobDocument, executor: ExecutorDocument, problems: list[Problem]) -> Executor:
    """A program by its arguments, or a text for a shell."""
    command = executor.command
    argv = said(
        {f"{_AT}/argv": executor.argv, f"{_AT}/command": None if isinstance(command, str) else command}, problems
    )
    text = command if isinstance(command, str) else None
    script = said({f"{_AT}/script": executor.script, f"{_AT}/command": text}, problems)
    if argv is not None:
        _allow(executor, _PROGRAM, "a program without a shell", problems)
        return _program(document, executor, problems, argv=argv)
    if not script:
        problems.append(Problem(_AT, "a shell executor needs script, command or argv", "missing"))
    _allow(executor, _SHELL_SCRIPT, "a shell script", problems)
    return _program(document, executor, problems, script=script or "", interpreter=(executor.shell or "bash",))


def _program(
    document: JobDocument,
    executor: ExecutorDocument,
    problems: list[Problem],
    *,
    argv: tuple[str, ...] = (),
    script: str = "",
    interpreter: tuple[str, ...] = (),
) -> Program:
    env, secrets = executor.env or {}, document.secrets or ()
    problems.extend(check_environment(env, f"{_AT}/env"))
    for index, name in enumerate(secrets):
        if fault := name_fault(name):
            problems.append(Problem(f"/secrets/{index}", fault))
        elif name in env:
            problems.append(Problem(f"/secrets/{index}", f"{name} is also set by {_AT}/env", "conflict"))
    if document.isolation is not None:
        message = "is for handlers: a program has a process of its own in any case"
        problems.append(Problem("/isolation", message, "conflict"))
    program = Program(
        requires=executor.type,
        argv=argv,
        script=script,
        interpreter=interpreter,
        args=executor.args or (),
        env=env,
        workdir=executor.workdir or "",
        secrets=secrets,
        completion=document.completion or Completion(),
    )
    problems.extend(_nul_problems(program))
    return program


def _allow(executor: ExecutorDocument, keys: frozenset[str], what: str, problems: list[Problem]) -> None:
    """Refuses what would have no effect on this kind of executor."""
    for key in ExecutorDocument.__struct_fields__:
        if key != "type" and key not in keys and getattr(executor, key) is not None:
            message = f"has no effect on {what}, which takes {', '.join(sorted(keys))}"
            problems.append(Problem(f"{_AT}/{key}", message, "conflict"))


def _refuse_program_keys(document: JobDocument, problems: list[Problem]) -> None:
    message = "has an effect on programs only, and this job runs a handler"
    given = (key for key in ("completion", "secrets") if getattr(document, key) is not None)
    problems.extend(Problem(f"/{key}", message, "conflict") for key in given)


def _nul_problems(program: Program) -> list[Problem]:
    """The system ends every argument at a NUL character."""
    texts = {
        "argv": program.argv,
        "interpreter": program.interpreter,
        "args": program.args,
        "workdir": (program.workdir,),
    }
    return [
        Problem(f"{_AT}/{key}", "holds a NUL character, which no program can be given")
        for key, values in texts.items()
        if any("\0" in value for value in values)
    ]
