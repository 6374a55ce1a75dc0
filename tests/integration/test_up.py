"""`treadle up`: everything at work by one command, also when parts of it die, until it is told to stop."""

from __future__ import annotations

import signal
import socket
import stat
import subprocess
from itertools import chain
from pathlib import Path

import psutil
import pytest

from tests.support.up import PATIENCE_SECONDS, Up, treadle, until, up

SERVICES = ("api", "scheduler", "worker")


@pytest.mark.slow
def test_a_first_start_shows_a_demo_job_at_work_and_no_later_one_brings_it_back(tmp_path: Path) -> None:
    with up(tmp_path, "up") as first:
        assert "shown this once" in first.said
        until(lambda: first.server.get("/runs", job="demo-heartbeat", status="completed")["items"], "a run")
        assert first.run("job", "delete", "demo-heartbeat", "--yes").returncode == 0
    with up(tmp_path, "up") as second:
        assert second.server.get("/jobs")["items"] == []
        assert second.said.count("shown this once") == 1


def test_without_demo_there_is_none_and_the_local_token_is_for_its_owner_alone(tmp_path: Path) -> None:
    with up(tmp_path) as started:
        assert started.server.get("/jobs")["items"] == []
        assert stat.S_IMODE((started.data / "local-token").stat().st_mode) == 0o600
        wrong = started.run("job", "list", TREADLE_TOKEN="not-the-token-at-all")
        assert wrong.returncode == 3
        assert "token" in wrong.stderr


def test_a_token_that_was_given_is_not_shown_and_the_local_one_works_beside_it(tmp_path: Path) -> None:
    given = "v3ry-l0ng-and-random-Token"
    with up(tmp_path, TREADLE_ADMIN_TOKEN=given) as started:
        assert started.server.get("/jobs")["items"] == []
        assert started.run("job", "list", TREADLE_TOKEN=given).returncode == 0
        elsewhere = treadle("job", "list", TREADLE_URL=started.url, TREADLE_TOKEN=given)
        assert elsewhere.returncode == 0
        assert "shown this once" not in started.said
        assert given not in started.said


def test_at_rest_all_its_processes_together_take_little_memory(tmp_path: Path) -> None:
    with up(tmp_path) as started:
        family = [psutil.Process(started.process.pid), *started.descendants()]
        assert len(family) == 5
        assert sum(each.memory_full_info().pss for each in family) <= 180_000_000


def test_services_that_are_killed_come_back_and_it_says_so(tmp_path: Path) -> None:
    with up(tmp_path) as started:
        url = started.url
        for name in SERVICES:
            started.kill_service(name)
        assert started.url == url
        job = started.define(job_id="hello", script="echo hello")
        assert started.ask("job", "run", job, "--wait")["status"] == "completed"
        restarted = until(lambda: _restarts(started), "the events")
        assert restarted == {(name, "was killed by SIGKILL") for name in SERVICES}


def _restarts(started: Up) -> set[tuple[str, str]]:
    page = started.server.get("/events", topics="service.restarted", after=0)
    found = {(event["subject"], event["data"]["how"]) for event in page["items"]}
    return found if len(found) == len(SERVICES) else set()


def test_no_process_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with up(tmp_path) as started:
        job = started.define(job_id="long", script="sleep 300 & sleep 301")
        run_id = started.submit(job)
        until(lambda: started.status(run_id) == "running", "the run")
        until(lambda: any("301" in _arguments(each) for each in started.descendants()), "its program")
        family = started.descendants()
        started.process.kill()
        started.process.wait()
        _, alive = psutil.wait_procs(family, timeout=PATIENCE_SECONDS)
        assert alive == []
    with up(tmp_path) as again:
        until(lambda: again.server.get(f"/runs/{run_id}")["attempt"] == 2, "the lost run again")


def _arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_lets_what_runs_finish_and_ends_everything(tmp_path: Path, number: signal.Signals) -> None:
    with up(tmp_path) as started:
        job = started.define(job_id="short", script=f"sleep 2; echo done > {tmp_path}/done")
        run_id = started.submit(job)
        until(lambda: started.status(run_id) == "running", "the run")
        family = started.descendants()
        started.process.send_signal(number)
        assert started.process.wait(PATIENCE_SECONDS) == 0
        assert [each for each in family if each.is_running()] == []
        assert (tmp_path / "done").exists()
        assert not (started.data / "server.json").exists()
    with up(tmp_path) as again:
        assert again.status(run_id) == "completed"


def test_down_ends_what_up_started_and_waits_until_all_of_it_has_ended(tmp_path: Path) -> None:
    with up(tmp_path) as started:
        run_id = started.submit(started.define(job_id="short", script=f"sleep 2; echo done > {tmp_path}/done"))
        until(lambda: started.status(run_id) == "running", "the run")
        family = [psutil.Process(started.process.pid), *started.descendants()]
        waited = started.run("down", "--timeout", "1ms")
        assert (waited.returncode, waited.stdout) == (124, ""), waited.stderr
        assert started.process.wait(PATIENCE_SECONDS) == 0
        assert [each for each in family if each.is_running()] == []
        assert (tmp_path / "done").exists()
    with up(tmp_path) as again:
        family = again.descendants()
        assert again.ask("down") == {"data": str(again.data), "pid": again.process.pid}
        assert [each for each in family if each.is_running()] == []
        nobody = again.run("down")
        assert (nobody.returncode, nobody.stdout) == (3, ""), nobody.stderr
        assert f"no `treadle up` runs on the data folder {again.data}" in nobody.stderr


def test_down_tells_no_process_that_only_has_the_number_of_one_that_was_killed(tmp_path: Path) -> None:
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        (tmp_path / "up.lock").write_text(f"{bystander.pid}\n")
        assert treadle("down", "--data", str(tmp_path)).returncode == 3
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_told_twice_it_ends_at_once(tmp_path: Path) -> None:
    with up(tmp_path, TREADLE_GRACE_SEC="3600") as started:
        job = started.define(job_id="long", script="sleep 300")
        run_id = started.submit(job)
        until(lambda: started.status(run_id) == "running", "the run")
        family = started.descendants()
        started.process.send_signal(signal.SIGINT)
        until(lambda: "stopping" in started.said, "its word")
        started.process.send_signal(signal.SIGINT)
        started.process.wait(PATIENCE_SECONDS)
        _, alive = psutil.wait_procs(family, timeout=PATIENCE_SECONDS)
        assert alive == []


def test_a_second_one_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with up(tmp_path) as started:
        second = treadle("up", "--data", str(started.data), "--port", "0")
        assert second.returncode == 5
        assert f"process {started.process.pid}" in second.stderr
        assert started.run("status").returncode == 0


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = treadle("up", "--data", str(tmp_path / "data"), "--port", port)
    assert done.returncode == 3
    assert port in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        ((), {"TREADLE_ADMIN_TOKEN": "changeme"}, "admin token"),
        (("--host", "0.0.0.0"), {}, "TREADLE_ADMIN_TOKEN"),  # noqa: S104
        ((), {"TREADLE_PROT": "8000"}, "TREADLE_PROT"),
        (("--config", "nowhere.yaml"), {}, "nowhere.yaml"),
        (("--data", "/dev/null"), {}, "/dev/null cannot be the data folder"),
        (("--data", "/dev/null/below"), {}, "/dev/null/below cannot be the data folder"),
        (("--port", "65536"), {}, "port: expected `int` <= 65535, got 65536"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(
    tmp_path: Path, arguments: tuple[str, ...], variables: dict[str, str], said: str
) -> None:
    usual = {"--data": str(tmp_path / "data"), "--port": "0"}
    options = usual | dict(zip(arguments[::2], arguments[1::2], strict=True))
    done = treadle("up", *chain.from_iterable(options.items()), **variables)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--processes", "1000000", "processes: expected `int` <= 256, got 1000000"),
        ("--queues", ",", "queues: ',' names nothing"),
        ("--domains", "b@d", "domains: 'b@d' can be no name"),
    ],
)
def test_a_worker_that_would_not_do_what_it_is_told_does_not_start(option: str, value: str, said: str) -> None:
    done = treadle("worker", option, value)
    assert (done.returncode, said in done.stderr, "worker started" in done.stderr) == (2, True, False), done.stderr


def test_an_api_alone_says_that_it_cannot_have_its_folder() -> None:
    done = treadle("api", "--data", "/dev/null/below", "--port", "0")
    assert done.returncode == 2
    assert "cannot be the data folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_daemon_looks_for_a_scheduler_yaml(tmp_path: Path) -> None:
    done = treadle("daemon", "--data", str(tmp_path))
    assert done.returncode == 2
    assert "scheduler.yaml: there is no such file" in done.stderr


def handler(name: str, options: str = "", parameters: str = "", body: str = "pass") -> str:
    return f'from treadle import job\n\n@job("{name}"{options})\ndef {name}({parameters}):\n    {body}\n'


def test_jobs_in_task_files_follow_their_files(tmp_path: Path) -> None:
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    stays = handler("stays", options=', inputs={"who": "you"}', parameters="who: str", body="return who")
    (tasks / "stays.py").write_text(stays)
    (tasks / "goes.py").write_text(handler("goes", options=', cron="0 7 * * *"'))
    (tasks / "broken.py").write_text(handler("broken"))
    with up(tmp_path) as started:
        assert [job["job_id"] for job in started.server.get("/jobs")["items"]] == ["broken", "goes", "stays"]
        assert started.ask("job", "run", "stays", "--set", "who=me", "--wait")["result"] == "me"
        started.server.post("/jobs/stays/disable")
    (tasks / "goes.py").unlink()
    (tasks / "broken.py").write_text("import nowhere_to_be_found\n")
    (tasks / "lonely.py").write_text(handler("lonely", options=', dependencies=["nobody"]'))
    (tasks / "stays.py").write_text("\n\n" + stays)  # moved, not changed
    with up(tmp_path) as started:
        assert "tasks/broken.py cannot be used" in started.said
        assert "nowhere_to_be_found" in started.said
        lonely = 'the job "lonely" at tasks/lonely.py:3 cannot be defined: /dependencies/0: there is no job nobody'
        assert lonely in started.said
        jobs = {job["job_id"]: job for job in started.server.get("/jobs")["items"]}
        assert jobs.keys() == {"broken", "stays"}
        assert (jobs["stays"]["enabled"], jobs["stays"]["version"]) == (False, 2)
        assert started.server.get("/schedules")["items"] == []
        doctor = started.run("doctor", "--tasks", str(tasks))
        assert doctor.returncode == 3
        assert "nowhere_to_be_found" in doctor.stdout
        assert f"fail  tasks/lonely.py: {lonely}\n" in doctor.stdout


def test_a_job_may_depend_on_one_of_a_folder_that_comes_later(tmp_path: Path) -> None:
    for folder, options in (("tasks", ', dependencies=["later"]'), ("then", "")):
        (tmp_path / folder).mkdir()
        name = "later" if folder == "then" else "early"
        (tmp_path / folder / f"{name}.py").write_text(handler(name, options=options))
    folders = ":".join(str(tmp_path / folder) for folder in ("tasks", "then", "missing"))
    with up(tmp_path, "up", "--no-demo", "--tasks", folders) as started:
        assert [job["job_id"] for job in started.server.get("/jobs")["items"]] == ["early", "later"]
        assert "cannot be defined" not in started.said
        assert f"there is no folder {tmp_path / 'missing'}: " in started.said


def test_a_folder_that_is_missing_is_told_where_somebody_named_it(tmp_path: Path) -> None:
    with up(tmp_path) as started:
        assert "there is no folder" not in started.said
    worker = treadle("worker", "--tasks", "/nonexistent", TREADLE_DATABASE_URL="none://so-it-ends")
    assert "there is no folder /nonexistent: no task files are read from it" in worker.stderr


def test_a_task_file_that_ends_its_process_takes_nothing_else_down(tmp_path: Path) -> None:
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    (tasks / "bad.py").write_text("import os\nos._exit(7)\n")
    with up(tmp_path, worker=False) as started:
        assert "registering the jobs of task files ended with exit code 7" in started.said
        assert started.server.get("/jobs")["items"] == []


def test_a_scheduler_yaml_is_registered_and_followed(tmp_path: Path) -> None:
    config = tmp_path / "scheduler.yaml"
    line = '  - {{jobId: report, schedule: "{}", enabled: true, timezone: Asia/Jakarta, input: {{kind: short}}}}\n'
    config.write_text("schedules:\n" + line.format("0 7 * * *"))
    with up(tmp_path) as started:
        started.define(job_id="report", script="echo report")
    with up(tmp_path, "daemon", "--config", str(config)) as started:
        (schedule,) = started.server.get("/schedules")["items"]
        assert (schedule["cron"], schedule["timezone"]) == ("0 7 * * *", "Asia/Jakarta")
        assert schedule["source"].startswith("scheduler.yaml:")
    config.write_text("schedules:\n" + line.format("* * * * * *"))
    with up(tmp_path, "daemon", "--config", str(config)) as started:
        assert [each["cron"] for each in started.server.get("/schedules")["items"]] == ["* * * * * *"]
        run = until(lambda: started.server.get("/runs", job="report")["items"], "a run")[0]
        assert run["inputs"] == {"kind": "short"}
    config.write_text("schedules:\n" + line.replace("report", "repot").format("0 7 * * *"))
    refused = treadle("daemon", "--config", str(config), "--data", str(tmp_path / "data"), TREADLE_PORT="0")
    assert refused.returncode == 2
    assert 'did you mean "report"?' in refused.stderr
    assert "Traceback" not in refused.stderr
