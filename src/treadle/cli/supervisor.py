"""What `treadle up` becomes: it starts the services, starts again what dies, and stops all in order.

It imports the standard library only, and little of it: it lies in memory for as long as everything else runs.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
from typing import Final, NamedTuple, NoReturn

from treadle.cli.processes import Service, how_it_ended, spawn
from treadle.client.remote.note import leave_note, take_note_back, url_here

SERVICE_MODULE: Final = "treadle.cli.service"
BESIDE_API: Final = "beside-api"
DRAINED, USAGE, SERVER, CONFLICT = 0, 2, 3, 5
"""Exit codes, as `treadle.cli.exits` has them; what that imports is too much here."""

PREPARE_SECONDS: Final = 60.0
"""How long the task files may take to import."""

SCHEDULER_SECONDS: Final = 3.0
API_SECONDS: Final = 5.0
BEYOND_GRACE_SECONDS: Final = 8.0
"""What the worker has beyond its grace to give back what it could not finish."""

_STOP: Final = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
RELOAD_SIGNAL: Final = signal.SIGUSR1
"""From the watcher of task files: the worker is to take up their new code."""
_SIGNALS: Final = _STOP | {signal.SIGCHLD, RELOAD_SIGNAL}


class Orders(NamedTuple):
    """What the command line asked for, beside what the environment tells every service."""

    data: str
    host: str
    port: int
    grace: float
    config: str = ""
    demo: bool = True
    reload: bool = False


class Supervisor:
    """Keeps the services of one data folder going."""

    def __init__(self, orders: Orders, listener: socket.socket) -> None:
        fd = listener.fileno()
        self._grace = orders.grace
        self._api = Service("api", SERVICE_MODULE, ("api", str(fd)), pass_fds=(fd,))
        self._scheduler = Service("scheduler", SERVICE_MODULE, ("scheduler", BESIDE_API))
        self._worker = Service("worker", SERVICE_MODULE, ("worker", BESIDE_API))
        watcher = Service("watcher of task files", SERVICE_MODULE, ("watch",)) if orders.reload else None
        self._services = (self._api, self._scheduler, self._worker, *([watcher] if watcher else []))
        self._messengers: list[subprocess.Popen[bytes]] = []

    def start_api(self) -> None:
        """Start the API before the rest: it takes longest, and needs nothing that the others wait for."""
        self._api.start()

    def run(self) -> int:
        """Supervise until told to stop; answers the exit code."""
        for service in self._services[1:]:
            service.start()
        while True:
            told = _wait(self._next_start())
            if told in _STOP:
                return self._stop()
            if told == RELOAD_SIGNAL:
                self._worker.signal(signal.SIGHUP)
            self._messengers = [each for each in self._messengers if each.poll() is None]
            for service in self._services:
                code = service.ended()
                if code == USAGE:
                    say(f"the {service.name} refuses its settings: stopping")
                    self._stop()
                    return USAGE
                if code == CONFLICT:
                    say(f"the {service.name} has ended with the move of this installation: no other is started")
                    service.due = math.inf
                elif code == DRAINED and service is self._worker:
                    say("the worker has drained: no other is started")
                    service.due = math.inf
                elif code is not None:
                    self._tell(service, how_it_ended(code))
                if service.due <= time.monotonic():
                    service.start()

    def _next_start(self) -> float | None:
        """Seconds until a service is to be started again; None where all run."""
        due = min(service.due for service in self._services)
        return None if due == math.inf else max(0.0, due - time.monotonic())

    def _tell(self, service: Service, how: str) -> None:
        """Say, here and in the log of events, that a service is started again."""
        pause = max(0.0, service.due - time.monotonic())
        say(f"the {service.name} {how}: starting another in {pause:.1f} s")
        self._messengers.append(spawn(SERVICE_MODULE, ("record", service.name, how)))

    def _stop(self) -> int:
        """The scheduler first, so that nothing new comes; the worker drains; the API goes on telling till the end."""
        say("stopping; once more kills")
        patience = {
            self._scheduler: SCHEDULER_SECONDS,
            self._worker: self._grace + BEYOND_GRACE_SECONDS,
            self._api: API_SECONDS,
        }
        for service in self._services[3:]:
            service.signal(signal.SIGTERM)
        for service, seconds in patience.items():
            service.signal(signal.SIGTERM)
            if not self._gone(service, time.monotonic() + seconds):
                break
        for service in self._services:
            service.signal(signal.SIGKILL)
        return 0

    def _gone(self, service: Service, deadline: float) -> bool:
        """Wait for a service that was told to end, and kill it at the deadline; False where told to hurry."""
        while service.running and service.ended() is None:
            left = deadline - time.monotonic()
            if left <= 0:
                say(f"the {service.name} did not end in time: killing it")
                service.signal(signal.SIGKILL)
                left = API_SECONDS
            if _wait(left) in _STOP:
                return False
        return True


def main() -> NoReturn:
    """The entry of the process; its argument is `Orders` as JSON."""
    orders = Orders(**json.loads(sys.argv[1]))
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    lock = take_folder(orders.data)
    listener = listen(orders.host, orders.port)
    certificate = os.environ.get("TREADLE_TLS_CERT", "")
    url = url_here(orders.host, listener.getsockname()[1], secure=bool(certificate))
    supervisor = Supervisor(orders, listener)
    supervisor.start_api()
    if code := prepare(orders, url):
        sys.exit(code)  # the API ends with this process
    leave_note(orders.data, url, certificate)
    say(f"up at {url} (console at {url}/console/, documentation at {url}/docs); data in {orders.data}; Ctrl-C stops")
    code = supervisor.run()
    take_note_back(orders.data)
    os.close(lock)
    sys.exit(code)


def take_folder(data: str) -> int:
    """Make the data folder and lock it for this process; answers the lock's descriptor. Exits where another has it."""
    try:
        os.makedirs(data, mode=0o700, exist_ok=True)
        lock = os.open(f"{data}/up.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        _fail(USAGE, f"{data} cannot be the data folder: {error.strerror}; name another by --data")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(lock, 32).decode().strip() or "unknown"
        _fail(CONFLICT, f"another `treadle up` (process {holder}) runs on {data}: stop it, or give another --data")
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def listen(host: str, port: int) -> socket.socket:
    """The socket that the API takes over. It outlives the API's process: calls wait while that is started again."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        reason = "something listens there already" if error.errno == 98 else error.strerror
        _fail(SERVER, f"cannot listen on {host} port {port}: {reason}; give another --host or --port")
    listener.listen(1024)
    return listener


def prepare(orders: Orders, url: str) -> int:
    """Have the database, the token and the jobs made ready by a process of its own; answers its exit code.

    It imports people's task files, which may do anything: it is given up when it takes too long.
    """
    arguments = ["--url", url, *(["--demo"] if orders.demo else [])]
    arguments += ["--config", orders.config] if orders.config else []
    process = spawn(SERVICE_MODULE, ("prepare", *arguments), safe_path=False)
    deadline = time.monotonic() + PREPARE_SECONDS
    while process.poll() is None:
        left = deadline - time.monotonic()
        if left <= 0:
            process.kill()
            process.wait()
            say(f"registering the jobs of task files was given up after {PREPARE_SECONDS:g} s: do they block?")
            return 0
        if _wait(left) in _STOP:
            process.kill()
            return 130
    if process.returncode in (0, USAGE, SERVER, CONFLICT):
        return process.returncode
    say(f"registering the jobs of task files {how_it_ended(process.returncode)}: they stay as they were")
    return 0


def say(message: str) -> None:
    """A line for people."""
    sys.stderr.write(f"treadle: {message}\n")
    sys.stderr.flush()


def _fail(code: int, message: str) -> NoReturn:
    say(message)
    sys.exit(code)


def _wait(seconds: float | None) -> int | None:
    """The signal that came, of those blocked; None where none did in time."""
    if seconds is None:
        return signal.sigwaitinfo(_SIGNALS).si_signo
    told = signal.sigtimedwait(_SIGNALS, seconds)
    return None if told is None else told.si_signo


if __name__ == "__main__":
    main()
