"""Where a worker finds the secrets that jobs name."""

from __future__ import annotations

from pathlib import Path

import pytest

from treadle.domain.environment import check_environment
from treadle.domain.errors import Forbidden, InvalidInput, NotFound
from treadle.executors.secrets import LocalSecrets


def keep(folder: Path, name: str, value: str, mode: int = 0o600) -> None:
    (folder / name).write_text(value)
    (folder / name).chmod(mode)


async def test_the_environment_comes_before_the_folder(tmp_path: Path) -> None:
    keep(tmp_path, "A", "from file")
    keep(tmp_path, "B", "from file\n")
    source = LocalSecrets(tmp_path, {"TREADLE_SECRET_A": "from environment", "B": "not this"})
    assert [await source.get("A"), await source.get("B")] == ["from environment", "from file"]


async def test_a_missing_secret_is_named_with_the_places_looked_at(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"neither the variable TREADLE_SECRET_GONE nor the file .*/GONE"):
        await LocalSecrets(tmp_path, {}).get("GONE")
    with pytest.raises(NotFound, match="no variable TREADLE_SECRET_GONE"):
        await LocalSecrets(None, {}).get("GONE")


async def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    keep(tmp_path, "A", "value", 0o640)
    with pytest.raises(Forbidden, match=r"mode 0640.*chmod 600"):
        await LocalSecrets(tmp_path, {}).get("A")


@pytest.mark.parametrize("name", ["../etc/passwd", "", "a b", "1A", "A\n"])
async def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="is no name of a secret"):
        await LocalSecrets(tmp_path, {}).get(name)


@pytest.mark.parametrize("name", ["LD_PRELOAD", "PYTHONPATH", "GIT_SSH_COMMAND", "TREADLE_RUN_ID", "A=B", "", "1A"])
def test_variables_that_would_run_other_code_are_refused(name: str) -> None:
    assert [problem.pointer for problem in check_environment({name: "x", "FINE": "y"})] == [f"/env/{name}"]
