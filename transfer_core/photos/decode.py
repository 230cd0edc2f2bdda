"""One way from the bytes of a file to an upright RGB picture, or a refusal in plain words.

Training, thumbnails and the test page all come through here, so a photo can't look different to the network
from one place to another.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from transfer_core.errors import PhotoError
from transfer_core.photos.file_kinds import foreign_kind, picture_kind
from transfer_core.photos.reader import (
    MAX_JPEG_PIXELS,
    MAX_PIXELS,
    DamagedJpeg,
    TooManyPixels,
    check_jpeg,
    read_header,
    read_upright,
    square,
)
from transfer_core.text import Sentence

__all__ = [
    "MAX_BYTES",
    "WHOLE",
    "FileFacts",
    "Inspection",
    "check_bytes",
    "decode",
    "file_facts",
    "inspect",
    "jpeg",
    "open_photo",
    "pixels_of",
    "thumbnail",
]

MAX_BYTES = 256 * 2**20
"""The largest file that is read, in bytes."""

WHOLE = "whole"
"""What the name of pixels begins with that were decoded in full size."""


@dataclass(frozen=True)
class Inspection:
    """What an import needs to know of a photo that was decoded from first byte to last."""

    width: int
    """Of the upright photo, in pixels."""
    height: int
    """Of the upright photo, in pixels."""
    thumbnail: bytes
    """A square JPEG, as `thumbnail` makes it."""
    pixels: str
    """Names the upright RGB pixels, see `pixels_of`: of photos as large as this one the same pixels, the same name."""


@dataclass(frozen=True)
class FileFacts:
    """What the first bytes of a photo's file say of it."""

    width: int
    """Of the upright photo, in pixels."""
    height: int
    """Of the upright photo, in pixels."""
    kind: str
    """Such as JPEG or PNG."""


def open_photo(data: bytes | Path) -> Image.Image:
    """Decode a photo at full size.

    Grey, palette, CMYK, 16-bit and floating-point pictures become RGB as a viewer would show them, colors are those
    of sRGB, transparency lies on white, an animation gives its first frame, and EXIF orientation is applied.

    Args:
        data: the bytes of a file, or the path of one.

    Returns:
        An upright picture of mode RGB.

    Raises:
        PhotoError: the file is missing, empty, cut off, damaged, too large or no picture Thaw can read.
    """
    return _load(_read(data), None)[0]


def decode(data: bytes | Path, size: int, *, verified: bool = False) -> NDArray[np.uint8]:
    """Decode a photo to the square a network takes: centre crop of the shorter side, antialiased bicubic resize.

    Args:
        data: the bytes of a file, or the path of one.
        size: side of the square in pixels, at least 1.
        verified: that these bytes passed `inspect`, so that a JPEG needs no second look for damage.

    Returns:
        uint8 array of shape (size, size, 3), RGB in 0..255.

    Raises:
        PhotoError: as `open_photo`.
    """
    return np.asarray(square(_load(_read(data), size, verified)[0], size))


def thumbnail(data: bytes | Path, size: int = 160) -> bytes:
    """Make a square JPEG of what the network will see of a photo, `size` pixels wide.

    Raises:
        PhotoError: as `open_photo`.
    """
    return jpeg(square(_load(_read(data), size)[0], size))


def inspect(data: bytes | Path, size: int = 160) -> Inspection:
    """Decode a photo from first byte to last; give its upright size and a thumbnail of `size` pixels.

    Raises:
        PhotoError: as `open_photo`.
    """
    picture, (width, height) = _load(_read(data), size)
    return Inspection(width, height, jpeg(square(picture, size)), _name(picture, (width, height)))


def file_facts(path: Path) -> FileFacts:
    """Read what the first bytes of a photo that was imported say of it.

    Raises:
        PhotoError: it is gone or can't be read any more.
    """
    try:
        return FileFacts(*read_header(path))
    except FileNotFoundError as error:
        raise _gone(path) from error
    except Exception as error:  # as in `_load`
        raise PhotoError("The file at {data} can't be read ({strerror}).", data=path, strerror=error) from error


def pixels_of(data: bytes | Path) -> str:
    """Name the pixels of a photo by those of a full decode: `whole` and their SHA-256.

    `inspect` gives the same name, but for a JPEG that it decoded at a smaller size: then `reduced`, which is the same
    for the same JPEG with other metadata, but not for a PNG made from it.

    Raises:
        PhotoError: as `open_photo`.
    """
    return _name(*_load(_read(data), None, verified=True))


def _name(picture: Image.Image, size: tuple[int, int]) -> str:
    kind = WHOLE if picture.size == size else "reduced"
    return f"{kind} {hashlib.sha256(repr(picture.size).encode() + picture.tobytes()).hexdigest()}"


def check_bytes(count: int) -> None:
    """Refuse a file of so many bytes if that is more than is read.

    Raises:
        PhotoError: it is.
    """
    if count > MAX_BYTES:
        raise PhotoError(
            "The file has {count:,.0f} MB and at most {max_bytes} MB are read: "
            "save the photo smaller, for example as JPEG.",
            count=count / 2**20,
            max_bytes=MAX_BYTES // 2**20,
        )


def _read(data: bytes | Path) -> bytes:
    if isinstance(data, bytes):
        check_bytes(len(data))
        return data
    try:
        check_bytes(data.stat().st_size)
        return data.read_bytes()
    except FileNotFoundError as error:
        raise _gone(data) from error
    except OSError as error:
        raise PhotoError(
            "The file at {data} can't be read ({strerror}).", data=data, strerror=error.strerror
        ) from error


def _load(data: bytes, shrink_to: int | None, verified: bool = False) -> tuple[Image.Image, tuple[int, int]]:
    """As `reader.read_upright`, with every refusal in plain words."""
    if not data:
        raise PhotoError("The file is empty (0 bytes): copy it again from where it came.")
    if kind := foreign_kind(data):
        raise PhotoError("The file is {name}, not a photo Thaw can read: {advice}.", name=kind.name, advice=kind.advice)
    try:
        loaded = read_upright(data, shrink_to)
        if not verified:
            check_jpeg(data)
        return loaded
    except TooManyPixels as error:
        raise _too_many_pixels(error.count, MAX_JPEG_PIXELS if picture_kind(data) == "JPEG" else MAX_PIXELS) from error
    except DamagedJpeg as error:
        raise _damaged_jpeg(error) from error
    except UnidentifiedImageError as error:
        raise _unreadable(data) from error
    # Pillow's readers raise a dozen kinds of exception on damaged files (OSError, SyntaxError, struct.error, ...).
    except Exception as error:
        raise _damaged(data, error) from error


def _gone(path: Path) -> PhotoError:
    return PhotoError("There is no file at {data}: it was moved, renamed or deleted.", data=path)


def jpeg(picture: Image.Image, quality: int = 85) -> bytes:
    """Give a picture as the bytes of a JPEG, of this quality in 1..95."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _too_many_pixels(count: int, most: int) -> PhotoError:
    return PhotoError(
        "The picture has {count:,} pixels and at most {most:,} are opened: save it smaller.",
        count=count,
        most=most,
    )


def _unreadable(data: bytes) -> PhotoError:
    if kind := picture_kind(data):
        return PhotoError(
            "The file starts as {kind} but is cut off or damaged: copy it again from where it came.",
            kind=kind,
        )
    return PhotoError("The file is not a photo in a format Thaw knows: save it as JPEG or PNG.")


def _damaged_jpeg(error: DamagedJpeg) -> PhotoError:
    if error.cut:
        return PhotoError(
            "The {kind} file is cut off, so part of the picture is missing: copy it again from where it came.",
            kind="JPEG",
        )
    return PhotoError(
        "The JPEG file is damaged, so part of the picture is wrong: copy it again from where it came, or, if it "
        "looks right in a viewer, save it anew there."
    )


def _damaged(data: bytes, error: Exception) -> PhotoError:
    kind = picture_kind(data) or Sentence("picture")
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return PhotoError(
            "The {kind} file is cut off, so part of the picture is missing: copy it again from where it came.",
            kind=kind,
        )
    return PhotoError(
        "The {kind} file is cut off or damaged ({error}): copy it again from where it came.", kind=kind, error=error
    )
