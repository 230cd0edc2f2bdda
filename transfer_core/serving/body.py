"""A photo as it comes in a request: its bytes as they are, a form with a file, or base64 inside JSON."""

import asyncio
import base64
import binascii
import json
from concurrent.futures import ThreadPoolExecutor

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from transfer_core.serving.limits import Limits, RequestError, Room
from transfer_core.text import Sentence

__all__ = ["IMAGE", "Incoming"]

IMAGE = "image"
"""The field of a form or of JSON that holds the photo."""
_EXAMPLE = f'{{"{IMAGE}": "<base64>"}}'
_AROUND = 2**16  # bytes that a form or JSON may have besides the photo
_FILES, _FIELDS = 4, 32
# That JSON may have: base64 has none, and 40 MB of empty ones would become 1 GB and stop every thread for seconds.
_PARTS = 1000
_PARSER = ThreadPoolExecutor(1, "json")  # one: what it takes apart lies in memory four times meanwhile


class Incoming:
    """One request that is being read, counted: never more of it is in memory than may be."""

    def __init__(self, request: Request, limits: Limits, room: Room) -> None:
        """Read nothing yet."""
        self._limits, self._room, self._receive = limits, room, request.receive
        self.count = 0
        """Bytes that came; they take their part of the room until `close`."""
        self._head = request.headers
        kind, _, _ = self._head.get("content-type", "").partition(";")
        self._kind = kind.strip().lower()
        most = limits.photo_bytes
        if self._kind == "multipart/form-data":
            most += _AROUND
        elif self._kind == "application/json":
            most = most * 4 // 3 + _AROUND
        self._most = most
        self._scope = request.scope

    def close(self) -> None:
        """Give the room back."""
        self._room.give(self.count)
        self.count = 0

    async def photo(self) -> bytes:
        """Read the photo.

        Raises:
            RequestError: it is too large, or the request holds no photo in one of the three ways.
            ClientDisconnect: whoever sent it is gone.
        """
        if self._head.get("content-encoding", "identity").lower() != "identity":
            raise RequestError(415, Sentence("The request is compressed as a whole. Send the photo's file as it is."))
        length = self._head.get("content-length", "")
        if length.isdigit() and int(length) > self._most:
            raise RequestError.too_large(self._limits)
        request = Request(self._scope, self._counted)  # it keeps what came, so it ends here
        if self._kind == "multipart/form-data":
            data = await _from_form(request)
        elif self._kind == "application/json":
            data = await asyncio.get_running_loop().run_in_executor(_PARSER, _from_json, await request.body())
        elif not self._kind or self._kind == "application/octet-stream" or self._kind.startswith("image/"):
            data = await request.body()
        else:
            raise RequestError(
                415,
                Sentence(
                    "The Content-Type is {kind}. Send the bytes of the photo's file as image/jpeg, image/png or "
                    "application/octet-stream, a form as multipart/form-data, or application/json.",
                    kind=self._kind,
                ),
            )
        if len(data) > self._limits.photo_bytes:
            raise RequestError.too_large(self._limits)
        return data

    async def _counted(self) -> Message:
        message = await self._receive()
        count = len(message.get("body", b""))
        self._room.take(count)
        self.count += count
        if self.count > self._most:
            raise RequestError.too_large(self._limits)
        return message


async def _from_form(request: Request) -> bytes:
    try:
        async with request.form(max_files=_FILES, max_fields=_FIELDS) as form:
            files = [(name, file) for name, file in form.multi_items() if isinstance(file, UploadFile)]
            named = [(name, file) for name, file in files if name == IMAGE] or files
            if len(named) != 1:
                raise RequestError(
                    422,
                    Sentence(
                        "The form holds {count} files; send one photo, in the field {field}.",
                        count=len(named),
                        field=IMAGE,
                    ),
                )
            return await named[0][1].read()
    except HTTPException as error:  # Starlette's, of a form that breaks the rules of forms
        raise RequestError(
            400, Sentence("The form can't be read ({detail}). Send it anew.", detail=error.detail)
        ) from error


def _from_json(body: bytes) -> bytes:
    if sum(map(body.count, (b"[", b"{", b","))) > _PARTS:
        raise RequestError(422, Sentence("The JSON holds much else than a photo. Send {example}.", example=_EXAMPLE))
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(
            400, Sentence("The request is not JSON, though it says so. Send {example}.", example=_EXAMPLE)
        ) from error
    text = value.get(IMAGE) if isinstance(value, dict) else None
    if not isinstance(text, str):
        raise RequestError(
            422, Sentence("The JSON has no text under {field}. Send {example}.", field=IMAGE, example=_EXAMPLE)
        )
    if text.startswith("data:"):  # as a browser's FileReader gives it
        text = text.partition(",")[2]
    try:
        return base64.b64decode("".join(text.split()), validate=True)  # some programs break it into lines
    except (binascii.Error, ValueError) as error:
        raise RequestError(
            400,
            Sentence("What stands under {field} is not base64. Encode the bytes of the photo's file.", field=IMAGE),
        ) from error
