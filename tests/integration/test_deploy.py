"""What is shipped to run a fleet with: it says what its tools understand, and its commands make a fleet."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.pages import ROOT, Terminal, commands, matches
from tests.support.postgres import databases
from tests.support.services import TOKEN, Fleet, fleet, until
from tests.support.up import TREADLE

pytestmark = pytest.mark.timeout(400)
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
GUIDE = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
STEER = [each for each in commands(GUIDE) if "migrate" not in each.script]


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The services of compose.yaml, started by hand: by its commands, at its database."""
    folder = tmp_path_factory.mktemp("composed")
    with databases() as made, fleet(folder, made.url(asyncio.run(made.create()))) as one:
        for role in ("scheduler", "worker"):
            one.start(*(each.replace("/srv/treadle", str(folder)) for each in SERVICES[role]["command"]))
        until(lambda: len(one.seen("worker")) == 2 and one.seen("scheduler"), "the services")
        yield one


def test_every_role_is_composed_and_waits_for_the_database() -> None:
    assert set(SERVICES) == {"postgres", "api", "scheduler", "worker"}
    for role in ("api", "scheduler", "worker"):
        service = SERVICES[role]
        assert service["command"][0] == role
        assert service["depends_on"] == {"postgres": {"condition": "service_healthy"}}
        assert "@postgres:5432/treadle" in service["environment"]["TREADLE_DATABASE_URL"]
        assert (ROOT / service["build"]["dockerfile"]).is_file()
    assert SERVICES["api"]["command"][1:3] == ["--host", "0.0.0.0"]  # noqa: S104 - of its container
    assert "TREADLE_ADMIN_TOKEN" in SERVICES["api"]["environment"]  # without one it would not listen there


def test_the_image_is_made_of_what_is_there() -> None:
    lines = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("COPY")] == ["COPY . /src"]
    assert 'ENTRYPOINT ["treadle"]' in lines
    assert ".venv" in (ROOT / ".dockerignore").read_text(encoding="utf-8").split()


@pytest.mark.slow
def test_a_composed_fleet_works(composed: Fleet) -> None:
    composed.define("hello", "echo hello")
    assert composed.await_status(composed.submit("hello"), "completed")["status"] == "completed"


@pytest.mark.slow
def test_the_guide_steers_it_as_it_says(composed: Fleet, tmp_path: Path) -> None:
    said = {"API": composed.server.url, "TOKEN": TOKEN, "TREADLE_URL": composed.server.url, "TREADLE_TOKEN": TOKEN}
    for command in STEER:
        printed = Terminal(tmp_path, environment=said).run(command.script)
        assert matches(command.shown, printed), printed
    until(lambda: len(composed.seen("worker", "stopped")) == 1, "the end of the one that drained")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    copies = []
    for unit in UNITS:
        copy = tmp_path / unit.name
        copy.write_text(unit.read_text(encoding="utf-8").replace("/opt/treadle/bin/treadle", TREADLE))
        copies.append(str(copy))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *copies], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "treadle-" in line]
    assert (done.returncode, ours) == (0, [])


def test_there_is_a_unit_for_every_role() -> None:
    roles = [re.search(r"^ExecStart=/opt/treadle/bin/treadle (\w+)", unit.read_text(), re.MULTILINE) for unit in UNITS]
    assert [role and role[1] for role in roles] == ["api", "scheduler", "worker"]


def test_a_shell_reads_the_guide_s_environment_as_systemd_does(tmp_path: Path) -> None:
    """A URL with two options has a `&`."""
    guide = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    (said,) = re.findall(r"treadle\.env <<'END'\n(.*?)END\n", guide, re.DOTALL)
    url = "postgresql://t:p@db:6432/treadle?pooler=transaction&listen=db:5432"
    file = tmp_path / "treadle.env"
    file.write_text(re.sub(r"postgresql://[^\s']+", url, said), encoding="utf-8")
    script = f"set -a && . {file} && printenv TREADLE_DATABASE_URL TREADLE_ADMIN_TOKEN"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [url, "…"]


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node here")
def test_node_understands_the_processes_of_pm2() -> None:
    script = "console.log(JSON.stringify(require(process.argv[1])))"
    file = ROOT / "deploy" / "ecosystem.config.js"
    done = subprocess.run(["node", "-e", script, str(file)], capture_output=True, text=True, check=True)
    apps = json.loads(done.stdout)["apps"]
    assert [each["args"].split()[0] for each in apps] == ["api", "scheduler", "worker"]
    assert all(each["interpreter"] == "none" and not each["treekill"] for each in apps)
