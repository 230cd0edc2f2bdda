"""A real server in this process, and requests to it."""

import http.client
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from transfer_core.serving.app import Asked, make_app
from transfer_core.serving.limits import Limits
from transfer_core.serving.server import HOSTS, listen, make_server

SIZE = 16


class StandIn:
    """Says of a photo how red it is. While `held`, it keeps whoever asks waiting."""

    classes: tuple[str, ...] = ("blue", "red")
    size = SIZE

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.passes: list[int] = []
        self.at_once = 0

    def describe(self, photos: NDArray[np.uint8]) -> list[dict[str, Any]]:
        """As `Classifier.describe`."""
        self.at_once += 1
        assert self.at_once == 1, "asked by two threads at a time"
        self.go.wait()
        self.passes.append(len(photos))
        reds = [float(photo[..., 0].mean()) / 255 for photo in photos]
        self.at_once -= 1
        return [
            {
                "label": "red" if red > 0.5 else "blue",
                "probability": max(red, 1 - red),
                "probabilities": {"blue": 1 - red, "red": red},
                "nearest": ["0" * 64],
            }
            for red in reds
        ]


def picture(red: int = 200) -> bytes:
    """A PNG of one color."""
    buffer = io.BytesIO()
    Image.new("RGB", (20, 20), (red, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


class Place:
    """Where a server is found, and how to ask it."""

    def __init__(self, port: int) -> None:
        self.port = port

    def connect(self) -> http.client.HTTPConnection:
        """A connection of its own."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(
        self, body: Any, kind: str | None = "image/png", path: str = "/predict", method: str = "POST", **headers: str
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Status, JSON and lower-case headers of the response."""
        connection = self.connect()
        try:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, given | ({"Content-Type": kind} if kind else {}))
            response = connection.getresponse()
            heads = {name.lower(): value for name, value in response.getheaders()}
            return response.status, json.loads(response.read()), heads
        finally:
            connection.close()


@contextmanager
def served(asked: Asked, limits: Limits | None = None) -> Iterator[Place]:
    """A server on a free port until the block ends."""
    with listen("127.0.0.1", 0) as listening:
        server = make_server(make_app("pets", asked, HOSTS, limits), limits)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield Place(listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()


def form(data: bytes, field: str = "image", times: int = 1) -> tuple[bytes, str]:
    """A form with a file, some fields besides, and its Content-Type."""
    part = b'--edge\r\nContent-Disposition: form-data; name="%s"; filename="a.png"\r\n\r\n%s\r\n'
    note = b'--edge\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
    body = note + part % (field.encode(), data) * times + b"--edge--\r\n"
    return body, "multipart/form-data; boundary=edge"
