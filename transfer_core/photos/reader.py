"""How the bytes of a photo become pixels. An exported classifier carries this very file, so that it sees what Thaw saw.

Needs Pillow and NumPy only. Three libraries are used where they are installed, as they are with Thaw: simplejpeg knows
what is wrong inside a JPEG, tifffile reads kinds of TIFF that Pillow does not, and pi_heif the HEIC photos of phones.
"""

import contextlib
import io
import logging
import re
import struct
import warnings
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, UnidentifiedImageError

try:
    import simplejpeg
except ImportError:
    simplejpeg = None
try:
    import pi_heif
except ImportError:
    pi_heif = None

__all__ = [
    "MAX_JPEG_PIXELS",
    "MAX_PIXELS",
    "DamagedJpeg",
    "TooManyPixels",
    "check_jpeg",
    "formats",
    "read_header",
    "read_square",
    "read_upright",
]

MAX_PIXELS = 120_000_000
"""The most pixels that are decoded: a 108-megapixel phone photo fits, a decompression bomb does not."""

MAX_JPEG_PIXELS = 250_000_000
"""The most pixels of a JPEG, which can be made 2, 4 or 8 times smaller while it is decoded: phones make 200 million."""

# Pillow warns above this and raises above twice this; its default would warn about photos we accept.
Image.MAX_IMAGE_PIXELS = MAX_JPEG_PIXELS

# What Pillow finds odd about a file's notes is said as if to a programmer, on the terminal of whoever imports photos.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

_FORMATS = ("JPEG", "MPO", "PNG", "GIF", "BMP", "DIB", "WEBP", "AVIF", "TIFF", "PPM", "JPEG2000", "ICO", "HEIF")

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

# TIFF 6.0, sections 3 and 19.
_BITS_TAG, _PHOTOMETRIC_TAG, _SAMPLE_FORMAT_TAG = 258, 262, 339
_MIN_IS_WHITE, _SIGNED = 0, 2
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

_JPEG_START, _JPEG_SCAN, _JPEG_END = b"\xff\xd8\xff", b"\xff\xda", b"\xff\xd9"


class TooManyPixels(ValueError):  # noqa: N818 - says what came
    """A picture with more pixels than are decoded; `count` says how many."""

    def __init__(self, count: int) -> None:
        """Say how many came."""
        super().__init__(f"{count:,} pixels")
        self.count = count


class DamagedJpeg(ValueError):  # noqa: N818 - says what came
    """A JPEG whose decoder met data that can't be right; `cut` tells whether they end too early."""

    def __init__(self, message: str) -> None:
        """Keep the decoder's words."""
        super().__init__(message)
        self.cut = "remature end" in message


def read_square(data: bytes, size: int) -> NDArray[np.uint8]:
    """Decode a photo to the square a network takes: uint8 (size, size, 3), RGB, as `square` of `read_upright`."""
    check_jpeg(data)
    return np.asarray(square(read_upright(data, size)[0], size))


def check_jpeg(data: bytes) -> None:
    """Look through a JPEG for data that can't be right; what is no JPEG passes.

    Decoders carry on with grey or shifted blocks where data are missing or wrong, and only warn. Without simplejpeg
    nothing is looked at, and Pillow refuses what ends too early.

    Raises:
        DamagedJpeg: the decoder warned of the picture's data.
    """
    if simplejpeg is None or not data.startswith(_JPEG_START):
        return
    try:
        # The smallest grey picture there is: what takes time is reading the data, and that is done in full.
        simplejpeg.decode_jpeg(_ended(data), "GRAY", fastdct=True, fastupsample=True, min_height=1, min_width=1)
    except ValueError as error:
        # Other words are of kinds of JPEG that only Pillow knows, or of marks that do not touch the picture.
        if "Corrupt JPEG data" in str(error) or "Premature end" in str(error):
            raise DamagedJpeg(str(error)) from error


def read_upright(data: bytes, shrink_to: int | None = None) -> tuple[Image.Image, tuple[int, int]]:
    """Give the upright RGB picture, its colors those of sRGB, and the photo's upright (width, height).

    With `shrink_to`, a JPEG may come 2, 4 or 8 times smaller, its sides still at least three times `shrink_to`: its
    decoder does that while it decodes. After the resize to `shrink_to` the values differ from those of a full decode
    by less than 1 of 255 on average, and single ones by up to 14, where edges repeat finer than the pixels
    (tests/photos/test_reader.py); a photo of 12 megapixels takes a quarter of the time.

    Raises:
        TooManyPixels: more than `MAX_PIXELS`, or `MAX_JPEG_PIXELS` of a JPEG with `shrink_to`.
        Exception: Pillow's many kinds, for what it can't read.
    """
    if data.startswith(_JPEG_START) and simplejpeg is not None:  # `check_jpeg` tells a lost end from a lost half
        data = _ended(data)
    try:
        with Image.open(io.BytesIO(data), formats=formats()) as image:
            width, height = image.size
            if shrink_to is not None:
                image.draft(None, (3 * shrink_to, 3 * shrink_to))
            if width * height > MAX_JPEG_PIXELS or image.width * image.height > MAX_PIXELS:
                raise TooManyPixels(width * height)
            image.load()
            orientation = _orientation(image)
            picture = _to_rgb(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        claimed = re.search(r"\d+", str(error))
        raise TooManyPixels(int(claimed[0]) if claimed else 2 * MAX_JPEG_PIXELS) from error
    except UnidentifiedImageError:
        if not data.startswith(_TIFF_STARTS):
            raise
        picture, orientation = _rare_tiff(data)
        width, height = picture.size
    if orientation in _TURNS:
        picture = picture.transpose(_TURNS[orientation])
    return picture, (height, width) if orientation >= 5 else (width, height)


def read_header(path: Path) -> tuple[int, int, str]:
    """Give the upright width and height of a photo and its kind, such as JPEG, from the first bytes of its file.

    Raises:
        Exception: Pillow's many kinds, for what it can't read.
    """
    try:
        with Image.open(path, formats=formats()) as image:
            width, height = image.size[::-1] if _orientation(image) >= 5 else image.size
            return width, height, image.format or "picture"
    except UnidentifiedImageError:  # one of the rare TIFFs
        width, height = read_upright(path.read_bytes())[1]
        return width, height, "TIFF"


def square(picture: Image.Image, size: int) -> Image.Image:
    """Crop the centre of the shorter side and resize it, bicubic and antialiased."""
    if size < 1:
        raise ValueError(f"size is {size}; a picture has at least 1 pixel a side")
    width, height = picture.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    # Not resize(box=...): its filter reaches for pixels beyond the box.
    middle = picture.crop((left, top, left + side, top + side))
    return middle.resize((size, size), Image.Resampling.BICUBIC)


def _ended(data: bytes) -> bytes:
    """With the mark of its end, which some programs lose though every pixel is there; what follows it is not read."""
    return data if data.endswith(_JPEG_END) or _JPEG_SCAN not in data else data + _JPEG_END


@cache
def formats() -> list[str]:
    """Names of the kinds of file that are read, as Pillow's."""
    Image.init()
    if pi_heif is not None:
        # Turned upright and with 8 bits a color as it is decoded; without the small copies that a file may hold.
        pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    return [name for name in _FORMATS if name in Image.OPEN]


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error):
        # A damaged EXIF block hides which way is up, but the picture itself is whole: viewers show it as stored.
        return 1
    return value if isinstance(value, int) and value in _TURNS else 1


def _to_rgb(image: Image.Image) -> Image.Image:
    tags: Any = getattr(image, "tag_v2", {})
    deep = image.mode in ("I", "F") or image.mode.startswith("I;16")
    if deep or (image.mode == "L" and _signed(tags)):
        return _from_grey(_values(image, tags), tags.get(_PHOTOMETRIC_TAG) == _MIN_IS_WHITE and deep)
    profile = image.info.get("icc_profile")
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        alpha = layered.getchannel("A")
        # The profile of a grey picture does not fit its RGB; the grey values are what it is about.
        grey = _to_srgb(image.convert("L"), profile) if image.mode in ("L", "LA", "La") else None
        white = Image.new("RGB", layered.size, "white")
        white.paste(grey if grey is not None else _to_srgb(layered.convert("RGB"), profile), mask=alpha)
        return white
    if image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")
    return _to_srgb(image, profile)


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """As RGB, its colors turned from those of an ICC profile into those of sRGB, which photos without one have."""
    transform = _transform(profile, image.mode) if profile else None
    if transform is None:
        return image.convert("RGB")
    turned = ImageCms.applyTransform(image, transform)
    assert turned is not None  # only a change in place gives None
    return turned


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From a profile to sRGB, relative colorimetric; None where it is sRGB, damaged or not made for such pictures."""
    with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if mode == "RGB" and "sRGB" in ImageCms.getProfileDescription(source):
            return None
        intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
        return ImageCms.buildTransform(source, _srgb(), mode, "RGB", renderingIntent=intent)
    return None


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _signed(tags: Any) -> bool:
    kinds = tags.get(_SAMPLE_FORMAT_TAG, 1)
    return bool((kinds[0] if isinstance(kinds, tuple) else kinds) == _SIGNED)


def _values(image: Image.Image, tags: Any) -> NDArray[Any]:
    """The grey values as they were meant: of the type that says how to scale them."""
    values = np.asarray(image)
    if image.mode == "L":
        return values.view(np.int8)
    if image.mode != "I":
        return values
    if image.format != "TIFF":
        return values.clip(0, 65535).astype(np.uint16)  # such as a portable greymap: Pillow scales it to 16 bits
    # Pillow has one kind of 32 bits for signed and unsigned.
    return values if _signed(tags) or max(tags.get(_BITS_TAG, (32,))) < 32 else values.view(np.uint32)


def _from_grey(values: NDArray[Any], inverted: bool = False) -> Image.Image:
    """Scale values of other than eight bits to 0..255 as a viewer would show them: of grey, or of RGB.

    Of 16 bits without a sign, white is 65535. Of floating point up to 1, it is 1; up to 255, the values are bytes
    already. All others are stretched between their smallest and largest value.
    """
    levels = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(levels.min()), float(levels.max())
    real = values.dtype.kind == "f"
    if values.dtype.kind == "u" and values.dtype.itemsize <= 2:
        levels = levels / (257 if values.dtype.itemsize == 2 else 1)
    elif real and low >= 0 and high <= 1:
        levels = levels * 255
    elif not (real and low >= 0 and high <= 255):
        levels = (levels - low) * (255 / max(high - low, 1e-300))
    scaled = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return Image.fromarray(255 - scaled if inverted else scaled).convert("RGB")


def _rare_tiff(data: bytes) -> tuple[Image.Image, int]:
    """A TIFF that Pillow does not know, such as one of 64-bit numbers, and its EXIF orientation."""
    import tifffile  # here: hardly anyone needs it

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # as of Pillow: what can't be read is said by who asked
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        count = page.imagewidth * page.imagelength
        if count > MAX_PIXELS:
            raise TooManyPixels(count)
        values = np.asarray(page.asarray())
        if values.ndim == 3 and page.planarconfig == 2:  # a plane for each color
            values = np.moveaxis(values, 0, -1)
        if values.dtype.kind not in "biuf" or values.ndim not in (2, 3):
            raise ValueError(f"values of type {values.dtype} in {values.ndim} dimensions")
        grey = values.ndim == 2 or values.shape[-1] < 3
        values = values if values.ndim == 2 else values[..., 0] if grey else values[..., :3]
        turn = page.tags.get(_ORIENTATION_TAG)
        return _from_grey(values, page.photometric == _MIN_IS_WHITE), int(turn.value) if turn else 1
