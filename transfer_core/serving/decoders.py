"""Decodes the photos of requests in threads; what is large one by one, so that memory stays bounded."""

import asyncio
import io
import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from transfer_core.errors import PhotoError
from transfer_core.photos.decode import decode
from transfer_core.photos.reader import TooManyPixels, formats
from transfer_core.serving.limits import Limits, RequestError
from transfer_core.text import Sentence

__all__ = ["Decoders"]

_THREADS = min(4, os.cpu_count() or 1)
Decoded = tuple[NDArray[np.uint8], float]
"""A photo (size, size, 3), RGB, and the milliseconds it took."""


class Decoders:
    """Threads for the photos that are usual, and one for those that are large."""

    def __init__(self, size: int, limits: Limits) -> None:
        """Decode to squares of `size` pixels a side."""
        self._size, self._limits = size, limits
        self._usual = ThreadPoolExecutor(_THREADS, "decoder")
        self._large = ThreadPoolExecutor(1, "large-decoder")

    async def decode(self, data: bytes) -> Decoded:
        """Decode the bytes of a photo's file as everywhere in Thaw.

        Raises:
            RequestError: it can't be read (400), or has too many pixels (413).
        """
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._usual, self._unless_large, data)
        return await loop.run_in_executor(self._large, self._decode, data) if found is None else found

    def close(self) -> None:
        """End the threads; call it when nobody waits any more."""
        for threads in (self._usual, self._large):
            threads.shutdown(wait=False, cancel_futures=True)

    def _unless_large(self, data: bytes) -> Decoded | None:
        pixels = _pixels(data, self._size)
        # What does not say how large it is, is taken for large; most of it is no photo, which is soon told.
        if pixels is None or pixels[0] > self._limits.large:
            if pixels and pixels[1] > self._limits.pixels:
                raise _too_many(pixels[1], self._limits)
            return None
        return self._decode(data)

    def _decode(self, data: bytes) -> Decoded:
        began = time.perf_counter()
        try:
            photo = decode(data, self._size)
        except PhotoError as error:
            raise RequestError(413 if isinstance(error.__cause__, TooManyPixels) else 400, error.sentence) from error
        return photo, 1000 * (time.perf_counter() - began)


def _pixels(data: bytes, size: int) -> tuple[int, int] | None:
    """Pixels of a photo, and those it is decoded to, from the first bytes of its file; None where they do not tell."""
    try:
        with Image.open(io.BytesIO(data), formats=formats()) as image:
            whole = image.width * image.height
            image.draft(None, (3 * size, 3 * size))  # as `reader.read_upright`
            return whole, image.width * image.height
    except Exception:  # Pillow's many kinds; what is wrong is said by `decode`, which meets it too
        return None


def _too_many(count: int, limits: Limits) -> RequestError:
    said = Sentence(
        "The picture has {count:,} pixels and at most {most:,} are opened: save it smaller.",
        count=count,
        most=limits.pixels,
    )
    return RequestError(413, said)
