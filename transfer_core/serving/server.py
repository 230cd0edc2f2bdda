"""The server itself: an address that is listened on, and uvicorn, which ends in order on Ctrl+C and SIGTERM."""

import errno
import ipaddress
import os
import signal
import socket
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from transfer_core.errors import ConfigError
from transfer_core.serving.limits import Limits

__all__ = ["HOSTS", "is_open", "listen", "make_server", "serve", "url_of"]

HOSTS = ("localhost", "127.0.0.1", "::1")
"""What a request to this machine itself calls it."""


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address before anything slow is begun; port 0 is any that is free.

    Raises:
        ConfigError: it is taken, not of this machine, or not allowed.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        raise ConfigError(
            "There is no address {host}. Give --host 127.0.0.1, or an address of this machine.", host=host
        ) from error
    # With its protocol: asyncio sends at once (TCP_NODELAY) only where a socket says that it is TCP's; else the end of
    # an answer may wait 40 ms for the other side.
    listening = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere it would let two servers have one port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(Limits.connections)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(
                "Port {port} is in use by another program. Give another one with --port, or 0 for any that is free.",
                port=port,
            ) from error
        raise ConfigError(
            "{host} can't be listened on at port {port} ({strerror}). Give --host 127.0.0.1 and a --port above 1023.",
            host=host,
            port=port,
            strerror=error.strerror,
        ) from error
    return listening


def url_of(listening: socket.socket) -> str:
    """Where the server is found, such as `http://127.0.0.1:8000`."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_open(listening: socket.socket) -> bool:
    """Whether other machines may reach it."""
    return not ipaddress.ip_address(listening.getsockname()[0].partition("%")[0]).is_loopback


def make_server(app: ASGIApp, limits: Limits | None = None) -> uvicorn.Server:
    """Uvicorn as it is set here; `run(sockets=[...])` begins, `should_exit` ends it."""
    limits = limits or Limits()
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="on",
        limit_concurrency=limits.connections,
        timeout_graceful_shutdown=round(limits.seconds),
    )
    return uvicorn.Server(config)


def serve(app: ASGIApp, listening: socket.socket) -> None:
    """Answer until Ctrl+C or SIGTERM comes; what is being answered then is answered first."""
    server = make_server(app)

    def stop(number: int, frame: FrameType | None) -> None:
        server.should_exit = True

    # Uvicorn hands the signals that ended it on to whoever listened before: that they came is no failure.
    earlier = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run(sockets=[listening])
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
