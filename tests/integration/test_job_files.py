"""Jobs as files: new ones from templates, whose tests pass, and a page about those that are there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.up import TREADLE, environment
from treadle.authoring.scaffold import scaffold
from treadle.domain.errors import InvalidInput

TASKS = '''
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta
from treadle import job


@dataclass
class Address:
    street: str
    city: Annotated[str, Meta(description="where it goes | to")] = "Bandung"


Weights = list[Annotated[float, Meta(ge=0)]]
daily = {"cron": "0 9 * * MON-FRI", "timezone": "Asia/Jakarta"}


@job("send.parcel", name="Parcels", **daily, max_retries=1, inputs={"to": {"street": "x"}, "speed": "fast"})
def send(to: Address, speed: Literal["fast", "slow"], weights: Weights | None = None) -> None:
    """Sends a parcel."""


@job("asked")
def asked(): ...


@job("beat", interval_seconds=90, enabled=False)
def beat(): ...
'''

PAGE = """\
# Jobs

- [asked](#asked): when it is asked to
- [beat](#beat): every 90 seconds; switched off
- [send.parcel](#sendparcel): every weekday at 09:00, Asia/Jakarta

## asked

Runs when it is asked to. Defined in `tasks/parcels.py:24`.

## beat

Runs every 90 seconds; switched off. Defined in `tasks/parcels.py:28; interval_seconds by BEAT_INTERVAL_SECONDS`.

## send.parcel

**Parcels**

Sends a parcel.

Runs every weekday at 09:00, Asia/Jakarta. Defined in `tasks/parcels.py:19`.

| input | type | default | meaning |
| --- | --- | --- | --- |
| `to` | object | `{"street": "x"}` |  |
| `to.street` | string | required |  |
| `to.city` | string | `"Bandung"` | where it goes \\| to |
| `speed` | `"fast"`, `"slow"` | `"fast"` |  |
| `weights` | array of number, at least 0 or null |  |  |

| option | value |
| --- | --- |
| `retry_policy` | `{"backoff_sec": [1.0, 2.0, 5.0], "max_retry": 1}` |
"""


def treadle(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TREADLE, "job", *arguments],
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_test_of_a_new_job_passes(tmp_path: Path) -> None:
    assert treadle(tmp_path, "scaffold", "send-report").stdout == "tasks/send_report.py\ntests/test_send_report.py\n"
    (tmp_path / "treadle.toml").write_text('tasks = ["work/jobs"]\n')
    made = treadle(tmp_path, "scaffold", "inbox.sync", "--kind", "class", "--json")
    assert json.loads(made.stdout)["task"] == str(tmp_path / "work/jobs/inbox_sync.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout
    lint = subprocess.run([sys.executable, "-m", "ruff", "check", "--isolated", "."], cwd=tmp_path, check=False)
    assert lint.returncode == 0


@pytest.mark.parametrize("name", ["", "../away", "1st", "class", "a b", "_hidden", "über", "x" * 101])
def test_a_name_of_which_no_file_can_be_named_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot name a job and its file"):
        scaffold(name, "function", tasks=tmp_path / "tasks", tests=tmp_path / "tests")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    test = tmp_path / "tests" / "test_report.py"
    test.parent.mkdir()
    test.write_text("mine")
    done = treadle(tmp_path, "scaffold", "report")
    assert done.returncode == 5
    assert "tests/test_report.py is there already, and nothing was written" in done.stderr
    assert (test.read_text(), (tmp_path / "tasks").exists()) == ("mine", False)


def test_the_page_about_jobs_tells_when_they_run_and_what_they_take(tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "parcels.py").write_text(TASKS)
    (tmp_path / "tasks" / "broken.py").write_text("import nothing_of_the_kind")
    done = treadle(tmp_path, "docs", "--tasks", "tasks", BEAT_INTERVAL_SECONDS="90")
    assert (done.returncode, done.stdout) == (0, PAGE)
    assert "tasks/broken.py cannot be used, so its jobs are left out" in done.stderr
    missing = treadle(tmp_path, "docs", "--tasks", "nowhere")
    assert (missing.returncode, missing.stderr) == (2, "treadle: tasks: there is no folder nowhere\n")
