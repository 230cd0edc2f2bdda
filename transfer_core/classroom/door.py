"""The door of the app in a classroom: in front of everything that it serves, so that nobody comes in without a pass."""

import asyncio
from collections import Counter
from collections.abc import Collection
from urllib.parse import urlsplit

import psutil
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from transfer_core.classroom.join_page import POLICY, join_page
from transfer_core.classroom.room import Room, Seat
from transfer_core.classroom.winding_up import collected_path
from transfer_core.disk.files import slug
from transfer_core.errors import TransferError
from transfer_core.text import speaking, t

__all__ = ["MOST_CONNECTIONS", "Door"]

MOST_CONNECTIONS = 1000
"""Web sockets of all people together."""
_FORM = 4096  # bytes that a code and a name may take
_AROUND = 65536  # bytes that a form may have around a file
_KEPT = 180 * 24 * 3600  # seconds that a browser keeps its pass
_SPARE = 500 * 10**6  # bytes of memory that must be free before anything is taken in
_OPEN = ("/healthz", "/_stcore/health")


class Door:
    """ASGI middleware: `/join` and `/leave` by itself, `/healthz`, and the rest for those who have a pass.

    A request is refused, before the app sees it, that has no pass, or names a host that this server doesn't go by (DNS
    rebinding), or comes from a page of another origin; and so are too many web sockets of one person, and bodies that
    are larger than may be, whatever they say of their length.
    """

    def __init__(self, app: ASGIApp, room: Room, hosts: Collection[str] | None, secure: bool = False) -> None:
        """Stand before `app`.

        Args:
            app: what is guarded.
            room: who may enter.
            hosts: names that a request's Host may have, without the port; None: any.
            secure: whether browsers come over TLS.
        """
        self._app, self._room, self._secure = app, room, secure
        self._hosts = None if hosts is None else {host.lower().strip("[]") for host in hosts}
        self._sockets: Counter[int] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in, or answer."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        with speaking(_language(asked)):
            if scope["type"] == "websocket":
                await self._socket(asked, scope, receive, send)
                return
            refusal = self._foreign(asked)
            if refusal is not None:
                await refusal(scope, receive, send)
            elif asked.url.path in _OPEN:
                await self._open(asked.url.path, scope, receive, send)
            elif asked.url.path in ("/join", "/leave"):
                response = await self._desk(Request(scope, receive))
                await response(scope, receive, send)
            elif (seat := self._seat(asked)) is None:
                await _outside(asked)(scope, receive, send)
            elif asked.url.path == "/collected" and seat.teaches and collected_path(self._room).is_file():
                made = FileResponse(collected_path(self._room), filename=f"{slug(self._room.name) or 'room'}.zip")
                await made(scope, receive, send)
            else:
                await self._inside(seat, scope, receive, send)

    def _seat(self, asked: HTTPConnection) -> Seat | None:
        return self._room.seat_of(asked.cookies.get(self._room.cookie))

    async def _open(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        if path == "/healthz":
            await JSONResponse({"status": "ok"})(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _foreign(self, asked: HTTPConnection) -> Response | None:
        host = asked.headers.get("host", "")
        name = _host_name(host)
        if self._hosts is not None and name not in self._hosts:
            said = t("This server does not go by the name {host}. Use the address on your sheet.", host=host)
            return PlainTextResponse(said, 403)
        origin = asked.headers.get("origin")
        if asked.scope.get("method") not in ("GET", "HEAD") and origin is not None and urlsplit(origin).netloc != host:
            return PlainTextResponse(t("This request comes from a page of another site."), 403)
        return None

    async def _desk(self, request: Request) -> Response:
        if request.url.path == "/leave":
            if request.method == "POST":
                self._room.leave(request.cookies.get(self._room.cookie, ""))
                return self._with_pass(RedirectResponse("/join", 303), "", 0)
            return RedirectResponse("/join", 303)
        if request.method != "POST":
            if self._seat(request) is not None:
                return RedirectResponse("/", 303)
            return self._page()
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _FORM:
                return self._page(t("That is more than a code and a name."), 413)
        form = await Request({**request.scope}, _once(bytes(body))).form()
        typed, name = str(form.get("code", "")), str(form.get("name", ""))
        address = request.client.host if request.client else ""
        try:
            # The disk is written, so not here, where everybody's requests are answered.
            _, shown = await asyncio.to_thread(self._room.join, typed, name, form.get("named") == "yes", address)
        except TransferError as error:
            return self._page(str(error), 403, typed, name)
        return self._with_pass(RedirectResponse("/", 303), shown, _KEPT)

    def _page(self, refused: str = "", status: int = 200, code: str = "", name: str = "") -> Response:
        head = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin", "Cache-Control": "no-store"}
        return HTMLResponse(join_page(self._room.name, refused, code, name), status, head)

    def _with_pass(self, response: Response, shown: str, seconds: int) -> Response:
        # Lax: a link or a QR code that leads here is a visit of the person's own.
        response.set_cookie(
            self._room.cookie, shown, max_age=seconds, httponly=True, samesite="lax", secure=self._secure
        )
        return response

    async def _inside(self, seat: Seat, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in ("POST", "PUT") and psutil.virtual_memory().available < _SPARE:
            said = t("This computer is short of memory. Wait a little, then try again.")
            await PlainTextResponse(said, 503)(scope, receive, send)
            return
        most, came, answered = self._room.limits.upload_mb * 10**6 + _AROUND, 0, False

        async def counted() -> Message:
            nonlocal came
            if came > most:
                return {"type": "http.disconnect"}
            message = await receive()
            came += len(message.get("body", b""))
            return {"type": "http.disconnect"} if came > most else message

        async def passed_on(message: Message) -> None:
            nonlocal answered
            if came <= most or answered:  # else what the app makes of a body that breaks off is nobody's answer
                answered = True
                await send(message)

        try:
            await self._app(scope, counted, passed_on)
        except ClientDisconnect:
            if came <= most:
                raise
        if came > most and not answered:
            said = t(
                "The file is larger than the {megabytes} MB that are taken here.",
                megabytes=self._room.limits.upload_mb,
            )
            await PlainTextResponse(said, 413, {"Connection": "close"})(scope, receive, send)

    async def _socket(self, asked: HTTPConnection, scope: Scope, receive: Receive, send: Send) -> None:
        seat = self._seat(asked)
        refused = seat is None or self._foreign(asked) is not None
        if not refused and seat is not None:
            full = self._sockets.total() >= MOST_CONNECTIONS
            refused = full or self._sockets[seat.number] >= self._room.limits.connections
        if refused or seat is None:
            await receive()  # "websocket.connect"
            await send({"type": "websocket.close", "code": 1008})  # before it was accepted: status 403
            return
        self._sockets[seat.number] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._sockets[seat.number] -= 1


def _outside(asked: HTTPConnection) -> Response:
    if asked.scope["method"] in ("GET", "HEAD") and "text/html" in asked.headers.get("accept", ""):
        return RedirectResponse("/join", 303)
    return PlainTextResponse(t("Come in by the code on your sheet first."), 401)


def _language(asked: HTTPConnection) -> str:
    """What the browser asks for first."""
    return asked.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip() or "en"


def _host_name(host: str) -> str:
    """Without the port, in lower case; empty where it is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # looked at only when it is asked for
        return parts.hostname or ""
    except ValueError:  # no number for a port, or a bracket that does not close
        return ""


def _once(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
