"""One way from the bytes of a file to an upright RGB picture, or a refusal in plain words.

Training, thumbnails and the test page all come through here, so a photo can't look different to the network
from one place to another.
"""

import io
import re
import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from transfer_core.errors import PhotoError
from transfer_core.photos.file_kinds import foreign_kind, picture_kind
from transfer_core.text import Sentence

__all__ = ["MAX_BYTES", "MAX_PIXELS", "Inspection", "check_bytes", "decode", "inspect", "open_photo", "thumbnail"]

MAX_PIXELS = 120_000_000
"""The most pixels of a picture that is opened: a 108-megapixel phone photo fits, a decompression bomb does not."""

MAX_BYTES = 256 * 2**20
"""The largest file that is read, in bytes."""

# Pillow warns above this and raises above twice this; its default would warn about photos we accept.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

_FORMATS = ("JPEG", "MPO", "PNG", "GIF", "BMP", "DIB", "WEBP", "AVIF", "TIFF", "PPM", "JPEG2000", "ICO")

# EXIF tag 0x0112, values 2 to 8 (CIPA DC-008, 4.6.5): how to turn the stored pixels upright.
_ORIENTATION_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Inspection:
    """What an import needs to know of a photo that was decoded from first byte to last."""

    width: int
    """Of the upright photo, in pixels."""
    height: int
    """Of the upright photo, in pixels."""
    thumbnail: bytes
    """A square JPEG, as `thumbnail` makes it."""


def open_photo(data: bytes | Path) -> Image.Image:
    """Decode a photo at full size.

    Grey, palette, CMYK, 16-bit and floating-point pictures become RGB as a viewer would show them, transparency
    lies on white, an animation gives its first frame, and EXIF orientation is applied.

    Args:
        data: the bytes of a file, or the path of one.

    Returns:
        An upright picture of mode RGB.

    Raises:
        PhotoError: the file is missing, empty, cut off, damaged, too large or no picture Thaw can read.
    """
    return _load(_read(data), None)[0]


def decode(data: bytes | Path, size: int) -> NDArray[np.uint8]:
    """Decode a photo to the square a network takes: centre crop of the shorter side, antialiased bicubic resize.

    Args:
        data: the bytes of a file, or the path of one.
        size: side of the square in pixels, at least 1.

    Returns:
        uint8 array of shape (size, size, 3), RGB in 0..255.

    Raises:
        PhotoError: as `open_photo`.
    """
    return np.asarray(_square(_load(_read(data), size)[0], size))


def thumbnail(data: bytes | Path, size: int = 160) -> bytes:
    """Make a square JPEG of what the network will see of a photo, `size` pixels wide.

    Raises:
        PhotoError: as `open_photo`.
    """
    return _jpeg(_square(_load(_read(data), size)[0], size))


def inspect(data: bytes, size: int = 160) -> Inspection:
    """Decode a photo from first byte to last; give its upright size and a thumbnail of `size` pixels.

    Raises:
        PhotoError: as `open_photo`.
    """
    picture, (width, height) = _load(_read(data), size)
    return Inspection(width, height, _jpeg(_square(picture, size)))


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
        raise PhotoError("There is no file at {data}: it was moved, renamed or deleted.", data=data) from error
    except OSError as error:
        raise PhotoError(
            "The file at {data} can't be read ({strerror}).", data=data, strerror=error.strerror
        ) from error


def _load(data: bytes, shrink_to: int | None) -> tuple[Image.Image, tuple[int, int]]:
    """Give the upright RGB picture and the photo's upright (width, height).

    With `shrink_to`, a JPEG may come 2, 4 or 8 times smaller, its sides still at least twice `shrink_to`: its decoder
    does that while it decodes. After the resize to `shrink_to` no value is more than 3 of 255 from that of a full
    decode, in a quarter of the time (2400 x 1800 to 224, measured); with sides once `shrink_to` it would be 61.
    """
    if not data:
        raise PhotoError("The file is empty (0 bytes): copy it again from where it came.")
    if kind := foreign_kind(data):
        raise PhotoError("The file is {name}, not a photo Thaw can read: {advice}.", name=kind.name, advice=kind.advice)
    try:
        with Image.open(io.BytesIO(data), formats=_formats()) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise _too_many_pixels(width * height)
            if shrink_to is not None:
                image.draft(None, (2 * shrink_to, 2 * shrink_to))
            image.load()
            orientation = _orientation(image)
            picture = _to_rgb(image)
    except PhotoError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        claimed = re.search(r"\d+", str(error))
        raise _too_many_pixels(int(claimed[0]) if claimed else 2 * MAX_PIXELS) from error
    except UnidentifiedImageError as error:
        raise _unreadable(data) from error
    # Pillow's readers raise a dozen kinds of exception on damaged files (OSError, SyntaxError, struct.error, ...).
    except Exception as error:
        raise _damaged(data, error) from error
    if orientation in _TURNS:
        picture = picture.transpose(_TURNS[orientation])
    return picture, (height, width) if orientation >= 5 else (width, height)


@cache
def _formats() -> list[str]:
    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN]


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error):
        # A damaged EXIF block hides which way is up, but the picture itself is whole: viewers show it as stored.
        return 1
    return value if isinstance(value, int) and value in _TURNS else 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_to_bytes(np.asarray(image), image.mode)).convert("RGB")
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        white = Image.new("RGB", layered.size, "white")
        white.paste(layered, mask=layered.getchannel("A"))
        return white
    return image.convert("RGB")


def _to_bytes(values: NDArray[np.generic], mode: str) -> NDArray[np.uint8]:
    """Scale grey values of more than eight bits to 0..255 as a viewer would show them.

    Integers up to 65535 are 16-bit grey; floating point up to 1 is a fraction of white, up to 255 is a byte already.
    Anything beyond is stretched between its smallest and largest value.
    """
    grey = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(grey.min()), float(grey.max())
    if mode == "F" and low >= 0 and high <= 1:
        grey = grey * 255
    elif mode == "F" and low >= 0 and high <= 255:
        pass
    elif low >= 0 and high <= 65535:
        grey = grey / 257
    else:
        grey = (grey - low) * (255 / max(high - low, 1e-300))
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


def _square(picture: Image.Image, size: int) -> Image.Image:
    if size < 1:
        raise ValueError(f"size is {size}; a picture has at least 1 pixel a side")
    width, height = picture.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    # Not resize(box=...): its filter reaches for pixels beyond the box.
    square = picture.crop((left, top, left + side, top + side))
    return square.resize((size, size), Image.Resampling.BICUBIC)


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _too_many_pixels(count: int) -> PhotoError:
    return PhotoError(
        "The picture has {count:,} pixels and at most {most:,} are opened: save it smaller.",
        count=count,
        most=MAX_PIXELS,
    )


def _unreadable(data: bytes) -> PhotoError:
    if kind := picture_kind(data):
        return PhotoError(
            "The file starts as {kind} but is cut off or damaged: copy it again from where it came.",
            kind=kind,
        )
    return PhotoError("The file is not a photo in a format Thaw knows: save it as JPEG or PNG.")


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
