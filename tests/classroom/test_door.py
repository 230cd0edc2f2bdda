"""The door against whoever tries it, at a real server."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlencode

import psutil
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from tests.handshake import forged, let_in
from tests.support import wait_until
from transfer_core.classroom.door import Door
from transfer_core.classroom.limits import ClassLimits
from transfer_core.classroom.room import Room


class House:
    """The door before an app that says who asked for what, and how to knock."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.reached: list[str] = []
        self.taken = 0

        async def anything(request: Request) -> PlainTextResponse:
            self.reached.append(request.url.path)
            self.taken = len(await request.body())
            return PlainTextResponse("inside")

        async def socket(websocket: WebSocket) -> None:
            self.reached.append("socket")
            await websocket.accept(subprotocol="streamlit")
            await websocket.receive()

        methods = ["GET", "POST", "PUT", "DELETE"]
        inner = Starlette(
            routes=[WebSocketRoute("/_stcore/stream", socket), Route("/{path:path}", anything, methods=methods)]
        )
        config = uvicorn.Config(
            Door(inner, room, ["localhost", "192.168.1.20"]), log_level="error", access_log=False, lifespan="off"
        )
        self.server = uvicorn.Server(config)
        self.listening = socket_at_any_port()
        self.port: int = self.listening.getsockname()[1]
        self.host = f"localhost:{self.port}"
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listening]})
        self.thread.start()

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join()

    def ask(
        self, path: str = "/", method: str = "GET", body: bytes | str | None = None, **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        """Status, text and lower-case headers of the response."""
        given = {"Host": self.host} | {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("localhost", self.port, timeout=30)
        try:
            connection.request(method, path, body, given)
            response = connection.getresponse()
            return response.status, response.read().decode(), {k.lower(): v for k, v in response.getheaders()}
        finally:
            connection.close()

    def join(self, code: str, name: str = "", **headers: str) -> tuple[int, str, dict[str, str]]:
        """As the form on the page does."""
        head = {"Content_Type": "application/x-www-form-urlencoded", "Origin": f"http://{self.host}"} | headers
        return self.ask("/join", "POST", urlencode({"code": code, "name": name}), **head)

    def cookie(self, number: int) -> str:
        """Let somebody in; the cookie of their browser."""
        self.room.reopen([number])
        status, _, head = self.join(self.room.seats[number].code)
        assert status == 303
        return head["set-cookie"].partition(";")[0]


def socket_at_any_port() -> socket.socket:
    listening = socket.socket()
    listening.bind(("localhost", 0))
    listening.listen(256)
    return listening


@pytest.fixture
def house(room: Room) -> Iterator[House]:
    """A server with the door before it."""
    made = House(room)
    yield made
    made.close()


def test_nobody_comes_in_without_a_pass(house: House) -> None:
    status, _, head = house.ask(Accept="text/html")
    assert (status, head["location"]) == (303, "/join")
    for path in (
        "/",
        "/media/abc.png",
        "/_stcore/upload_file/1/2",
        "/_stcore/host-config",
        "/static/x.js",
        "/collected",
    ):
        for method in ("GET", "POST", "PUT", "DELETE"):
            assert house.ask(path, method, b"x" if method == "PUT" else None)[0] == 401, (path, method)
    wrong = f"{house.room.cookie}=guess"
    assert house.ask(Cookie=wrong)[0] == 401
    assert not let_in(house.port, house.host, f"http://{house.host}")
    assert house.reached == []


def test_the_health_of_the_server_is_everybodys(house: House) -> None:
    status, text, _ = house.ask("/healthz")
    assert status == 200 and json.loads(text) == {"status": "ok"}


def test_a_code_lets_in_and_is_not_what_the_browser_keeps(house: House) -> None:
    code = house.room.seats[1].code
    status, _, head = house.join(code.lower(), "Ann")
    assert (status, head["location"]) == (303, "/")
    kept = head["set-cookie"]
    assert code not in kept and "HttpOnly" in kept and "samesite=lax" in kept.lower() and "Secure" not in kept
    cookie = kept.partition(";")[0]
    assert house.ask("/anything", Cookie=cookie)[:2] == (200, "inside")
    assert house.ask("/join", Cookie=cookie)[2]["location"] == "/"
    assert house.join(code)[0] == 403  # replayed
    assert house.ask("/leave", "POST", Cookie=cookie, Origin=f"http://{house.host}")[0] == 303
    assert house.ask("/anything", Cookie=cookie)[0] == 401


def test_over_tls_the_pass_stays_on_tls(room: Room) -> None:
    door = Door(PlainTextResponse("inside"), room, None, secure=True)
    assert "Secure" in door._with_pass(PlainTextResponse(""), "x", 1).headers["set-cookie"]


def test_the_page_says_why_and_markup_in_it_is_text(house: House) -> None:
    status, text, head = house.join('"><script>alert(1)</script>', "<b>x</b>")
    assert status == 403 and "This code opens nothing here." in text
    assert "<script>alert" not in text and "<b>x" not in text and "&lt;b&gt;x" in text
    policy = head["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert 'lang="zh-Hans"' in house.ask("/join", Accept_Language="zh-CN,zh;q=0.9")[1]
    assert 'lang="en"' in house.ask("/join", Accept_Language="en-US,de")[1]


@pytest.mark.parametrize("number", range(5))
def test_forged_hosts_and_origins_are_refused(house: House, number: int) -> None:
    host, origin = forged(house.host)[number]
    cookie = house.cookie(1)
    headers = {"Host": host, "Cookie": cookie} | ({"Origin": origin} if origin else {})
    if "evil" in host:
        assert house.ask(**headers)[0] == 403
    assert house.join(house.room.seats[2].code, **headers)[0] == 403
    assert house.ask("/x", "PUT", b"x", **headers)[0] == 403
    assert not house.room.seats[2].used and house.reached == []


@pytest.mark.parametrize("host", ["[", "localhost:x", "localhost:99999999", "", "localhost@evil.example"])
def test_a_broken_host_is_refused(house: House, host: str) -> None:
    assert house.ask(Host=host)[0] in (400, 403)


def test_a_socket_needs_pass_host_and_origin(house: House) -> None:
    cookie = house.cookie(1)
    ours = f"http://{house.host}"
    assert let_in(house.port, house.host, ours, cookie)
    for host, origin in forged(house.host):
        assert not let_in(house.port, host, origin, cookie), (host, origin)
    house.room.renew(1)
    assert not let_in(house.port, house.host, ours, cookie)


def test_a_hundred_sockets_of_one_person_leave_room_for_the_others(house: House) -> None:
    mine, theirs = house.cookie(1), house.cookie(2)
    held = [open_socket(house, mine) for _ in range(100)]
    try:
        opened = sum(answer.startswith(b"HTTP/1.1 101") for _, answer in held)
        assert opened == house.room.limits.connections
        assert let_in(house.port, house.host, f"http://{house.host}", theirs)
    finally:
        for connection, _ in held:
            connection.close()
    wait_until(lambda: let_in(house.port, house.host, f"http://{house.host}", mine))


def open_socket(house: House, cookie: str) -> tuple[socket.socket, bytes]:
    lines = [
        "GET /_stcore/stream HTTP/1.1",
        f"Host: {house.host}",
        f"Origin: http://{house.host}",
        f"Cookie: {cookie}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    connection = socket.create_connection(("localhost", house.port), timeout=30)
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    return connection, connection.recv(64)


def test_an_upload_that_is_too_large_or_never_ends_is_cut_off(thaw_home: object, house: House) -> None:
    house.room.limits = ClassLimits(upload_mb=1)
    cookie = house.cookie(1)
    assert house.ask("/_stcore/upload_file/1/2", "PUT", bytes(900_000), Cookie=cookie)[0] == 200
    assert house.taken == 900_000
    status, text, _ = house.ask("/_stcore/upload_file/1/2", "PUT", bytes(1_200_000), Cookie=cookie)
    assert status == 413 and "1 MB" in text
    # Without a length, in pieces, on and on: it says 413 long before the end, which never comes.
    head = f"PUT /up HTTP/1.1\r\nHost: {house.host}\r\nCookie: {cookie}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("localhost", house.port), timeout=30) as connection:
        connection.sendall(head.encode())
        piece = b"10000\r\n" + bytes(0x10000) + b"\r\n"
        for _ in range(20):
            connection.sendall(piece)
        assert connection.recv(64).startswith(b"HTTP/1.1 413")
    assert house.taken == 900_000  # neither reached the app whole


def test_where_memory_is_short_nothing_is_taken_in(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = house.cookie(1)
    short = psutil.virtual_memory()._replace(available=10**8)
    monkeypatch.setattr("transfer_core.classroom.door.psutil.virtual_memory", lambda: short)
    assert house.ask("/_stcore/upload_file/1/2", "PUT", b"x", Cookie=cookie)[0] == 503
    assert house.ask("/", Cookie=cookie)[0] == 200


def test_a_form_that_is_none_is_refused(house: House) -> None:
    assert house.ask("/join", "POST", b"x" * 5000, Origin=f"http://{house.host}")[0] == 413
    assert house.ask("/join", "POST", b"\xff\x00", Origin=f"http://{house.host}")[0] == 403
    assert house.ask("/join", "POST", b'{"code": 1}', Content_Type="application/json")[0] == 403


def test_only_the_teacher_takes_everything_along(house: House) -> None:
    made = house.room.folder / "collected" / "everything.zip"
    made.parent.mkdir()
    made.write_bytes(b"all of it")
    pupil, teacher = house.cookie(1), house.cookie(0)
    assert house.ask("/collected", Cookie=pupil)[1] == "inside"  # the app's own answer: no such page
    status, text, head = house.ask("/collected", Cookie=teacher)
    assert (status, text) == (200, "all of it") and 'filename="class-7b.zip"' in head["content-disposition"]
