"""Serving the API: one process, one loop, until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final

import uvicorn
import uvloop
from msgspec import Struct

from treadle import servicelog
from treadle.api.app import create_app
from treadle.api.sse import StreamLimits
from treadle.api.tokens import AdminToken, admin_token, check_certificate, check_exposure
from treadle.api.wire import Protocol
from treadle.bootstrap import Services, make_data_folder, open_services
from treadle.domain.errors import Unavailable
from treadle.domain.workers import Role
from treadle.services.presence import present
from treadle.settings import Settings
from treadle.system import IdSource, SystemClock
from treadle.worker.interpreter import set_up_interpreter

_DRAIN_SECONDS: Final = 1
_BACKLOG: Final = 2048
_UNACKNOWLEDGED_MS: Final = 20_000
"""How long the system keeps what a client does not take, before it drops the connection."""
_UNSENT_BYTES: Final = 128 * 1024
"""How much the system takes for a client that is not ready for it: megabytes, where nothing is said."""


class Listening(Struct, frozen=True, kw_only=True):
    """Where the API answers. `token.made` says that the token was made just now, and should be shown once."""

    host: str
    port: int
    token: AdminToken
    scheme: str = "http"

    @property
    def url(self) -> str:
        """The address as a URL."""
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def serve(settings: Settings, announce: Callable[[Listening], None], listener: socket.socket | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then end what is under way within two seconds and return.

    Without a `listener` one is bound as the settings say; then `announce` is called. Raises InvalidInput for settings
    that are not safe, SchemaTooNew, and Unavailable where storage or the port cannot be had.
    """

    # Readers' threads are not to wait for the loop's, nor calls for the collector where hundreds of streams are open.
    set_up_interpreter()

    async def main() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        async with (
            open_services(settings) as services,
            present(services.engine, Role.API, settings, IdSource(SystemClock())),
        ):
            await run(services, announce, stopping, listener=listener)

    uvloop.run(main())


async def run(
    services: Services,
    announce: Callable[[Listening], None],
    stopping: asyncio.Event,
    limits: StreamLimits | None = None,
    listener: socket.socket | None = None,
) -> None:
    """Serve on open services until `stopping` is set."""
    settings = services.settings
    check_exposure(settings)
    check_certificate(settings)
    make_data_folder(settings)
    token = admin_token(settings)
    servicelog.conceal([token.value, token.local])
    listener = listener or bind(settings.host, settings.port)
    for name, value in (("TCP_USER_TIMEOUT", _UNACKNOWLEDGED_MS), ("TCP_NOTSENT_LOWAT", _UNSENT_BYTES)):
        if hasattr(socket, name):  # Linux; accepted connections have it from here
            listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    logging.getLogger("uvicorn.error").addFilter(_is_fault)
    app = create_app(services, token, stopping, limits)
    gc.freeze()  # what stands until the end: to look through it again and again held all calls up for 100 ms
    server = _Server(
        uvicorn.Config(
            app,
            http=Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies or None,
            ssl_certfile=settings.tls_cert or None,
            ssl_keyfile=settings.tls_key or None,
            backlog=_BACKLOG,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
        )
    )
    scheme = "https" if settings.tls_cert else "http"
    with _metrics_port(services):
        announce(Listening(host=settings.host, port=listener.getsockname()[1], token=token, scheme=scheme))
        serving = asyncio.create_task(server.serve([listener]))
        stopped = asyncio.create_task(stopping.wait())
        await asyncio.wait([serving, stopped], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        server.should_exit = True
        await serving


def _metrics_port(services: Services) -> AbstractContextManager[None]:
    """The port of its own for metrics, where there is to be one."""
    if not services.settings.metrics_port:
        return nullcontext()
    from treadle.meters.exposition import own_port

    settings = services.settings
    return own_port(settings.metrics_host, settings.metrics_port, services.metrics.rows, settings.host_names)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises Unavailable where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise Unavailable(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    return listener


def _is_fault(record: logging.LogRecord) -> bool:
    """Whether a record tells of one; streams of those who take nothing end unfinished, and say so themselves."""
    return record.msg != "ASGI callable returned without completing response."


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the caller's: streams must end first, and storage be closed last."""
        yield
