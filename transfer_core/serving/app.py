"""What the server answers: `POST /predict`, `GET /healthz`, `GET /openapi.json`, and every refusal as JSON."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from transfer_core.serving.batches import Answer, Batches
from transfer_core.serving.body import Incoming
from transfer_core.serving.decoders import Decoders
from transfer_core.serving.document import describe_api
from transfer_core.serving.limits import Limits, RequestError, Room
from transfer_core.text import Sentence, t

__all__ = ["Asked", "make_app"]

_SAID = ("label", "probability", "probabilities", "none")
"""What goes out of an answer; not which of the photos learned from look alike."""


class Asked(Protocol):
    """What is asked about photos; `nn.inference.predictor.Classifier` is such a one."""

    classes: tuple[str, ...]
    size: int
    """Side of the photos it takes, in pixels."""

    def describe(self, photos: NDArray[np.uint8]) -> list[dict[str, Any]]:
        """One dict for each of the decoded photos (n, size, size, 3): `label`, `probability`, `probabilities` ..."""


def make_app(name: str, asked: Asked, hosts: Collection[str] | None = None, limits: Limits | None = None) -> Starlette:
    """The server as an ASGI application.

    Args:
        name: of the run, as `/healthz` tells it.
        asked: the classifier. Its `describe` is called in one thread, never twice at a time.
        hosts: names that a request's Host may have, such as `localhost`; None: any.
        limits: how much it takes on.
    """
    desk = _Desk(name, asked, limits or Limits())

    @asynccontextmanager
    async def alive(app: Starlette) -> AsyncIterator[None]:
        yield
        desk.close()

    app = Starlette(
        routes=[
            Route("/predict", desk.predict, methods=["POST"]),
            Route("/healthz", desk.health),
            Route("/openapi.json", desk.document),
        ],
        middleware=[] if hosts is None else [Middleware(_HostCheck, hosts=hosts)],
        exception_handlers={RequestError: _refused, HTTPException: _not_found, Exception: _broken},
        lifespan=alive,
    )
    app.router.redirect_slashes = False  # it would answer, but not in JSON, and to wherever Host says
    return app


class _Desk:
    def __init__(self, name: str, asked: Asked, limits: Limits) -> None:
        self._limits = limits
        self._room = Room(limits.bytes_together)
        self._decoders, self._batches = Decoders(asked.size, limits), Batches(asked.describe)
        self._requests = 0
        self._health = {"status": "ok", "run": name, "classes": list(asked.classes)}
        self._document = describe_api(asked.classes, limits)

    async def predict(self, request: Request) -> Response:
        if self._requests >= self._limits.requests:
            raise RequestError.busy()
        self._requests += 1
        incoming = Incoming(request, self._limits, self._room)
        try:
            return JSONResponse(await self._answered(incoming))
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        finally:
            incoming.close()
            self._requests -= 1

    async def _answered(self, incoming: Incoming) -> Answer:
        try:
            data = await asyncio.wait_for(incoming.photo(), self._limits.reading_seconds)
        except asyncio.TimeoutError as error:
            said = Sentence(
                "The photo did not come within {seconds:g} seconds. Send it again.",
                seconds=self._limits.reading_seconds,
            )
            raise RequestError(408, said, {"Connection": "close"}) from error
        try:
            return await asyncio.wait_for(self._answer(data), self._limits.seconds)
        except asyncio.TimeoutError as error:
            said = Sentence(
                "There was no answer within {seconds:g} seconds. Send the photo again, or save it smaller.",
                seconds=self._limits.seconds,
            )
            raise RequestError(504, said) from error

    async def _answer(self, data: bytes) -> Answer:
        photo, milliseconds = await self._decoders.decode(data)
        answer = await self._batches.ask(photo)
        said = {name: answer[name] for name in _SAID if name in answer}
        return said | {"milliseconds": round(milliseconds + answer["milliseconds"], 2)}

    async def health(self, request: Request) -> Response:
        return JSONResponse(self._health)

    async def document(self, request: Request) -> Response:
        return JSONResponse(self._document)

    def close(self) -> None:
        self._decoders.close()
        self._batches.close()


class _HostCheck:
    """A web page may name an address of its own that leads here (DNS rebinding); its requests carry that name.

    Not Starlette's TrustedHostMiddleware: it refuses in plain text, and the oldest version taken does not know [::1].
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app, self._hosts = app, {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = Request(scope).headers.get("host", "").lower()
            name = given[1:].partition("]")[0] if given.startswith("[") else given.partition(":")[0]
            if name not in self._hosts:
                said = t(
                    "The request is for {given}, and this server answers requests for localhost only.", given=given
                )
                await _error(403, said)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _error(status: int, said: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": said}, status, headers)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    return _error(error.status, str(error), error.headers)


async def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        said = t("{path} takes {allowed}, not {method}.", path=request.url.path, allowed=allowed, method=request.method)
    else:
        said = t("There is nothing at {path}. Send a photo to /predict by POST.", path=request.url.path)
    return _error(error.status_code, said, dict(error.headers or {}))


async def _broken(request: Request, error: Exception) -> Response:
    """Starlette hands the exception on to the server, which prints it."""
    return _error(500, t("Something went wrong inside Thaw; the terminal of the server has the details."))
