"""Knock at the app's websocket as a browser does, with whatever Host and Origin."""

import base64
import os
import socket

__all__ = ["forged", "let_in"]


def let_in(port: int, host: str, origin: str | None, cookie: str = "") -> bool:
    """Whether the app at `port` of this machine opens a websocket (101) rather than refuses it."""
    lines = [
        "GET /_stcore/stream HTTP/1.1",
        f"Host: {host}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Protocol: streamlit",
        *([f"Origin: {origin}"] if origin else []),
        *([f"Cookie: {cookie}"] if cookie else []),
    ]
    with socket.create_connection(("localhost", port), timeout=30) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = connection.recv(64)
    return answer.startswith(b"HTTP/1.1 101")


def forged(ours: str) -> list[tuple[str, str | None]]:
    """Host and Origin as a page sends them whose name was made to lead to this machine, or that is of another site."""
    evil = "evil.example" + ours[ours.index(":") :]
    return [
        (evil, f"http://{evil}"),
        (evil, f"http://{ours}"),
        (evil, None),
        (ours, "http://evil.example"),
        ("localhost.evil.example", "http://localhost.evil.example"),
    ]
