"""The API as a process: killed, stopped, out of space."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.integration.api.process import api_process
from tests.integration.api.server import HANDLER_JOB
from tests.support.processes import PATIENCE_SECONDS

KEY = {"Idempotency-Key": "order-4711"}


def test_a_run_accepted_by_a_process_that_died_before_answering_is_found_by_its_key(tmp_path: Path) -> None:
    with api_process(tmp_path) as api:
        assert api.announced["made"]
        assert api.client.post("/jobs", json=HANDLER_JOB).status_code == 201
    with api_process(tmp_path, {"TREADLE_TEST_DIE": "enqueue"}) as api:
        with pytest.raises(httpx2.RemoteProtocolError):
            api.client.post("/jobs/report/run", json={"inputs": {"n": 1}}, headers=KEY)
        assert api.process.wait(PATIENCE_SECONDS) == -signal.SIGKILL
    with api_process(tmp_path) as api:
        assert not api.announced["made"]
        (accepted,) = api.client.get("/runs").json()["items"]
        again = api.client.post("/jobs/report/run", json={"inputs": {"n": 1}}, headers=KEY)
        assert (again.status_code, again.headers["idempotency-replayed"]) == (202, "true")
        assert again.json()["run_id"] == accepted["run_id"]
        assert len(api.client.get("/runs").json()["items"]) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_open_streams_at_once_and_the_process_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with api_process(tmp_path) as api:
        api.client.post("/jobs", json=HANDLER_JOB)
        run_id = api.client.post("/jobs/report/run").json()["run_id"]
        accept = {"Accept": "text/event-stream"}
        with (
            api.client.stream("GET", "/events", headers=accept) as events,
            api.client.stream("GET", f"/runs/{run_id}/logs?follow=1") as logs,
        ):
            told, said = events.iter_raw(), logs.iter_raw()
            assert next(told).startswith(b"retry:")
            assert next(said).startswith(b"retry:")
            api.process.send_signal(number)
            assert api.process.wait(PATIENCE_SECONDS) == 0
            assert [*told, *said] == []  # ended, not cut


def test_a_request_under_way_is_answered_before_the_process_ends(tmp_path: Path) -> None:
    with api_process(tmp_path) as api:
        api.client.post("/jobs", json=HANDLER_JOB)
        stopped = threading.Event()

        def body() -> Iterator[bytes]:
            yield b'{"inputs": '
            api.process.send_signal(signal.SIGTERM)
            stopped.wait(0.2)
            yield b"{}}"

        response = api.client.post("/jobs/report/run", content=body(), headers={"Content-Type": "application/json"})
        assert response.status_code == 202
        assert api.process.wait(PATIENCE_SECONDS) == 0


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=False)
    if mount.returncode:
        pytest.skip("a small file system can be mounted by root only")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_said_and_work_goes_on_when_space_returns(tiny_disk: Path) -> None:
    with api_process(tiny_disk) as api:
        api.client.post("/jobs", json=HANDLER_JOB)
        ballast = tiny_disk / "ballast"
        free = os.statvfs(tiny_disk)
        ballast.write_bytes(b"x" * (free.f_bavail * free.f_bsize - 64 * 1024))
        acknowledged = 0
        while True:
            response = api.client.post("/jobs/report/run", json={"inputs": {"x": "x" * 4_000}})
            if response.status_code != 202:
                break
            acknowledged += 1
        assert (response.status_code, response.json()["code"]) == (503, "storage_full")
        assert response.headers["retry-after"] == "1"
        assert api.client.get("/healthz").status_code == 200
        assert len(api.client.get("/runs?limit=200").json()["items"]) == acknowledged
        ballast.unlink()
        assert api.client.post("/jobs/report/run").status_code == 202
        assert len(api.client.get("/runs?limit=200").json()["items"]) == acknowledged + 1
