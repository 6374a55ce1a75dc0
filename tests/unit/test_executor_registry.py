"""A worker finds the executor for its work, and says what it lacks."""

from __future__ import annotations

import pytest

from treadle.domain.errors import NotFound
from treadle.domain.work import Program, PythonHandler, Work
from treadle.executors.program import ProgramExecutor
from treadle.executors.registry import Executors


def test_the_executor_is_found_by_the_kind_of_work() -> None:
    executors = Executors()
    programs = ProgramExecutor()
    executors.register(Program, programs)
    assert executors.find(Work(executor=Program(requires="shell", argv=("true",)))) is programs
    with pytest.raises(NotFound, match="no executor for PythonHandler"):
        executors.find(Work(executor=PythonHandler("report")))


def test_a_kind_has_one_executor() -> None:
    executors = Executors()
    executors.register(Program, ProgramExecutor())
    with pytest.raises(ValueError, match="Program has its executor already"):
        executors.register(Program, ProgramExecutor())
