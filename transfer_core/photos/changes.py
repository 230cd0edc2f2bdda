"""Photos made harder to read, each in one way and at five strengths: families of Hendrycks and Dietterich (2019)."""

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

__all__ = ["CHANGES", "STRENGTHS", "change"]

STRENGTHS = 5
_SIDE = 224  # pixels for which the numbers below are; what depends on size grows with it

_BLUR = (1, 2, 3, 4.5, 6)  # standard deviation, pixels
_DARKER = (0.7, 0.5, 0.35, 0.22, 0.12)  # of the light is left
_NOISE = (10, 20, 32, 48, 70)  # standard deviation, of 255
_TURN = (10, 20, 30, 45, 90)  # degrees
_CROP = (0.85, 0.7, 0.55, 0.4, 0.28)  # of the side is left, and made as large as before
_QUALITY = (40, 20, 10, 5, 2)  # of a JPEG

Picture = Image.Image


def change(square: NDArray[np.uint8], name: str, strength: int, seed: int = 0) -> NDArray[np.uint8]:
    """A photo changed.

    Args:
        square: uint8 (size, size, 3), RGB.
        name: one of `CHANGES`.
        strength: 1 to 5.
        seed: of what is drawn at random.

    Returns:
        The same shape.
    """
    picture = CHANGES[name](Image.fromarray(square), strength - 1, seed)
    return np.asarray(picture.convert("RGB"))


def _blurred(picture: Picture, at: int, seed: int) -> Picture:
    return picture.filter(ImageFilter.GaussianBlur(_BLUR[at] * picture.width / _SIDE))


def _dark(picture: Picture, at: int, seed: int) -> Picture:
    return picture.point(lambda value: round(value * _DARKER[at]))


def _bright(picture: Picture, at: int, seed: int) -> Picture:
    return picture.point(lambda value: round(255 - (255 - value) * _DARKER[at]))


def _noisy(picture: Picture, at: int, seed: int) -> Picture:
    values = np.asarray(picture, np.float32)
    noise = np.random.default_rng(seed).normal(0, _NOISE[at], values.shape)
    return Image.fromarray(np.clip(np.rint(values + noise), 0, 255).astype(np.uint8))


def _turned(picture: Picture, at: int, seed: int) -> Picture:
    """What comes in at the corners is the picture mirrored at its edges."""
    side = picture.width
    around = Image.fromarray(
        np.pad(np.asarray(picture), ((side // 2,) * 2, (side // 2,) * 2, (0, 0)), mode="symmetric")
    )
    turned = around.rotate(_TURN[at], Image.Resampling.BICUBIC)
    left = (turned.width - side) // 2
    return turned.crop((left, left, left + side, left + side))


def _cropped(picture: Picture, at: int, seed: int) -> Picture:
    side = picture.width
    kept = max(round(side * _CROP[at]), 1)
    left = (side - kept) // 2
    return picture.crop((left, left, left + kept, left + kept)).resize((side, side), Image.Resampling.BICUBIC)


def _compressed(picture: Picture, at: int, seed: int) -> Picture:
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=_QUALITY[at])
    return Image.open(io.BytesIO(data.getvalue())).convert("RGB")


CHANGES: dict[str, Callable[[Picture, int, int], Picture]] = {
    "blurred": _blurred,
    "dark": _dark,
    "bright": _bright,
    "noisy": _noisy,
    "turned": _turned,
    "cropped": _cropped,
    "compressed": _compressed,
}
"""Every way to change a photo, by name."""
