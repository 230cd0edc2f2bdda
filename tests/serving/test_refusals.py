"""What can't be answered is refused in one sentence of JSON, and what is too much never gets far."""

import asyncio
import base64
import io
import json
import socket
import struct
import zlib
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.requests import Request

from tests.serving.served import Place, StandIn, form, picture, served
from transfer_core.serving.app import make_app
from transfer_core.serving.body import Incoming
from transfer_core.serving.limits import Limits, RequestError, Room

JSON = "application/json"


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A server that takes photos of up to 1 MB."""
    with served(StandIn(), Limits(photo_bytes=2**20)) as place:
        yield place


def bomb(width: int, height: int) -> bytes:
    """A PNG of two colors, a thousandth of what it becomes."""
    buffer = io.BytesIO()
    Image.new("1", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def claiming(width: int, height: int) -> bytes:
    """A PNG that only claims its size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")


NOISE = io.BytesIO()
Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(NOISE, "PNG")
TWO, FORM = form(picture(), times=2)
REFUSED = {
    "text": (b"not a photo, but some text\n" * 9, "image/png", 400, "not a photo Thaw can read"),
    "cut off": (NOISE.getvalue()[:4000], "image/png", 400, "cut off"),
    "empty": (b"", "image/png", 400, "empty"),
    "too many bytes": (b"0" * (2**20 + 1), "image/png", 413, "larger than the 1 MB"),
    "too many bytes in a form": (form(b"0" * (2**20 + 1))[0], FORM, 413, "larger than the 1 MB"),
    "far too many in a form": (form(b"0" * (2**22))[0], FORM, 413, "larger than the 1 MB"),
    "too many bytes in JSON": (
        json.dumps({"image": base64.b64encode(bytes(2**20 + 1)).decode()}),
        JSON,
        413,
        "larger than the 1 MB",
    ),
    "a bomb": (bomb(8000, 7000), "image/png", 413, "56,000,000 pixels and at most 50,000,000"),
    "a claim": (claiming(30000, 30000), "image/png", 413, "900,000,000 pixels"),
    "bad base64": ('{"image": "????"}', JSON, 400, "is not base64"),
    "half of base64": ('{"image": "aGVsbG8"}', JSON, 400, "is not base64"),
    "letters of no alphabet": ('{"image": "für"}'.encode(), JSON, 400, "is not base64"),
    "no JSON": ("{", JSON, 400, 'Send {"image": "<base64>"}.'),
    "deep JSON": ("[" * 1000, JSON, 400, "not JSON"),
    "endless JSON": ('{"image": "", "more": [' + "[]," * 300_000 + "0]}", JSON, 422, "much else than a photo"),
    "not UTF-8": (b'{"image": "\xff"}', JSON, 400, "not JSON"),
    "JSON of something else": ('["image"]', JSON, 422, "no text under image"),
    "a number": ('{"image": 5}', JSON, 422, "no text under image"),
    "no form": (b"hello", "multipart/form-data", 400, "boundary"),
    "two photos": (TWO, FORM, 422, "2 files"),
    "a form without a photo": (form(b"", times=0)[0], FORM, 422, "0 files"),
    "another type": (picture(), "application/x-www-form-urlencoded", 415, "x-www-form-urlencoded"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_one_sentence(place: Place, name: str) -> None:
    body, kind, status, words = REFUSED[name]
    got, said, _ = place.ask(body, kind)
    assert got == status and set(said) == {"error"}
    assert words in said["error"] and "{field}" not in said["error"]
    assert place.ask(picture())[0] == 200


def test_refused_before_it_is_read(place: Place) -> None:
    for path, method, status, words in (
        ("/predict", "GET", 405, "/predict takes POST, not GET."),
        ("/healthz", "POST", 405, "not POST"),
        ("/", "GET", 404, "nothing at /."),
        ("/predict/", "POST", 404, "nothing at /predict/."),
        ("/docs%0d%0a{x}", "GET", 404, "nothing at"),
    ):
        got, said, _ = place.ask(None, None, path, method)
        assert got == status and words in said["error"]
    assert place.ask(picture(), Content_Encoding="gzip")[0] == 415
    # A name that was made to lead here, as of a web page that asks behind its reader's back.
    for host in ("photos.example", "127.0.0.1.example", "localhost.example:80", "[::2]"):
        got, said, _ = place.ask(picture(), Host=host)
        assert got == 403 and host in said["error"]
    for host in ("LOCALHOST", f"127.0.0.1:{place.port}", "[::1]:8000"):
        assert place.ask(picture(), Host=host)[0] == 200


def test_too_much_without_a_length_is_not_kept(place: Place) -> None:
    got, said, _ = place.ask(iter([bytes(2**16)] * 64))
    assert got == 413 and "larger than the 1 MB" in said["error"]


def run_async(work: Coroutine[Any, Any, Any]) -> Any:
    """Run it in a thread of its own: in that of the tests a browser's event loop may be running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@pytest.mark.parametrize("kind", ["image/png", "multipart/form-data; boundary=edge", JSON])
def test_an_endless_request_is_read_to_the_limit(kind: str) -> None:
    taken = 0

    async def endless() -> dict[str, Any]:
        nonlocal taken
        first = form(b"")[0].rpartition(b"\r\n--edge--")[0] if taken == 0 and "form" in kind else b""
        taken += 2**16
        return {"type": "http.request", "body": first + bytes(2**16), "more_body": True}

    scope = {"type": "http", "method": "POST", "path": "/predict", "headers": [(b"content-type", kind.encode())]}
    room = Room(2**30)
    incoming = Incoming(Request(scope, endless), Limits(photo_bytes=2**20), room)
    with pytest.raises(RequestError) as refused:
        run_async(incoming.photo())
    assert refused.value.status == 413 and taken < 2 * 2**20
    assert room.held >= 2**20
    incoming.close()
    assert room.held == 0


def test_whoever_hangs_up_leaves_nothing_behind() -> None:
    sent: list[Any] = []
    messages = [{"type": "http.request", "body": bytes(100), "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/predict", "headers": [], "query_string": b""}
    app = make_app("pets", StandIn())
    run_async(app(scope, receive, send))
    assert sent[0]["status"] == 400


def test_too_many_are_told_to_come_back() -> None:
    stand_in = StandIn()
    stand_in.go.clear()
    with served(stand_in, Limits(requests=4)) as place, ThreadPoolExecutor(12) as pool:
        asked = as_completed([pool.submit(place.ask, picture()) for _ in range(12)])
        for _ in range(8):
            status, said, heads = next(asked).result()
            assert status == 503 and heads["retry-after"] == "1" and "as many photos" in said["error"]
        assert place.ask(None, path="/healthz", method="GET")[0] == 200
        stand_in.go.set()
        assert [one.result()[0] for one in asked] == [200] * 4
        assert place.ask(picture())[0] == 200


def test_all_together_hold_no_more_than_may_be() -> None:
    stand_in = StandIn()
    stand_in.go.clear()
    size = len(picture())
    with served(stand_in, Limits(bytes_together=3 * size)) as place, ThreadPoolExecutor(5) as pool:
        asked = as_completed([pool.submit(place.ask, picture()) for _ in range(5)])
        assert [next(asked).result()[0] for _ in range(2)] == [503] * 2
        stand_in.go.set()
        assert [one.result()[0] for one in asked] == [200] * 3
        assert place.ask(picture())[0] == 200


def test_what_takes_too_long_is_given_up() -> None:
    stand_in = StandIn()
    stand_in.go.clear()
    with served(stand_in, Limits(seconds=0.05)) as place:
        first, second = (place.ask(picture()) for _ in range(2))
        stand_in.go.set()
        assert first[0] == second[0] == 504 and "within 0.05 seconds" in first[1]["error"]
    assert stand_in.passes == [1], "the second one, which nobody waited for any more, was not asked about"


def test_a_request_that_stalls_is_given_up() -> None:
    with (
        served(StandIn(), Limits(reading_seconds=0.05)) as place,
        socket.create_connection(("127.0.0.1", place.port), 60) as slow,
    ):
        slow.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc")
        assert b" 408 " in slow.recv(9999).partition(b"\r\n")[0]


def test_a_bug_is_told_and_the_next_photo_answered(capfd: pytest.CaptureFixture[str]) -> None:
    class Broken(StandIn):
        def describe(self, photos: Any) -> list[dict[str, Any]]:
            if photos[0, 0, 0, 0] == 13:
                raise ZeroDivisionError("by the test")
            return super().describe(photos)

    with served(Broken()) as place:
        status, said, _ = place.ask(picture(13))
        assert status == 500 and "inside Thaw" in said["error"] and "test" not in said["error"]
        assert place.ask(picture())[0] == 200
    assert "ZeroDivisionError: by the test" in capfd.readouterr().err
