"""Random variants of photos, each a pure function of preset, seed, photo and number, outside of every model.

Flips, rotation, zoom and shift become one matrix, so that a photo is interpolated once, however many there are; what
comes in from outside is the photo mirrored at its border. Brightness and contrast are a table of 256 values a photo.
The ranges mean what they mean in Keras' RandomFlip, RandomRotation, RandomBrightness and RandomContrast; these layers
draw for a whole batch, so a photo's variant would depend on its neighbors and on how often they were called.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from transfer_core.runs.augmentation import Preset

__all__ = ["AUGMENTATION_VERSION", "Variant", "augment", "preview"]

AUGMENTATION_VERSION = 1  # raised whenever the same preset, seed, photo and number would give other pixels
_CHUNK = 32  # photos changed at once; larger ones only take more memory


@dataclass(frozen=True)
class Variant:
    """Which variant of which photo."""

    sha256: str
    """Of the photo's file: its variants are the same whatever other photos there are."""
    number: int
    """From 0; in live mode the epoch's number."""


def augment(photos: NDArray[np.uint8], variants: Sequence[Variant], preset: Preset, seed: int) -> NDArray[np.uint8]:
    """Make one variant of each photo.

    Args:
        photos: RGB (count, size, size, 3).
        variants: one for each photo.
        preset: how far the changes go.
        seed: from 0; another seed gives other variants.

    Returns:
        The variants, in the shape of `photos`.
    """
    parts = [
        _augment(photos[start : start + _CHUNK], variants[start : start + _CHUNK], preset, seed)
        for start in range(0, len(photos), _CHUNK)
    ]
    return np.concatenate(parts) if parts else photos


def preview(
    photo: NDArray[np.uint8], preset: Preset, count: int, seed: int, sha256: str | None = None
) -> list[NDArray[np.uint8]]:
    """The first variants of one photo (size, size, 3); with its file's `sha256`, those that training will see."""
    identity = sha256 or hashlib.sha256(photo.tobytes()).hexdigest()
    copies = np.repeat(photo[None], count, axis=0)
    return list(augment(copies, [Variant(identity, number) for number in range(count)], preset, seed))


@dataclass(frozen=True)
class _Draw:
    """The values of one variant."""

    mirrored: tuple[bool, bool]
    """Left to right, top to bottom."""
    angle: float
    """Radians."""
    scale: float
    """Above 1: larger."""
    shift: tuple[float, float]
    """Right and down, share of the side."""
    brightness: float
    """Added, share of the full range."""
    contrast: float
    """Factor of the distance from the mean."""


def _draw(preset: Preset, seed: int, variant: Variant) -> _Draw:
    words = [int(variant.sha256[start : start + 8], 16) for start in range(0, 32, 8)]
    generator = np.random.default_rng([seed, variant.number, *words])
    # All values are drawn whatever the preset uses, so that one factor changed leaves the others as they were.
    angle, zoom, right, down, brightness, contrast = generator.uniform(-1, 1, 6)
    coins = generator.random(2) < 0.5
    return _Draw(
        (bool(preset.flip and coins[0]), bool(preset.flip_vertical and coins[1])),
        float(np.deg2rad(preset.rotation) * angle),
        float((1 + preset.zoom) ** zoom),
        (float(preset.shift * right), float(preset.shift * down)),
        float(preset.brightness * brightness),
        float(1 + preset.contrast * contrast),
    )


def _augment(photos: NDArray[np.uint8], variants: Sequence[Variant], preset: Preset, seed: int) -> NDArray[np.uint8]:
    draws = [_draw(preset, seed, variant) for variant in variants]
    matrices = np.stack([_matrix(draw, photos.shape[1]) for draw in draws])
    moved = keras.ops.image.affine_transform(
        keras.ops.cast(photos, "float32"), matrices, interpolation="bilinear", fill_mode="reflect"
    )
    result = np.array(keras.ops.convert_to_numpy(keras.ops.cast(keras.ops.round(moved), "uint8")))
    for photo, draw in zip(result, draws, strict=True):
        photo[...] = np.take(_table(draw, float(photo.mean())), photo)
    return result


def _matrix(draw: _Draw, size: int) -> NDArray[np.float32]:
    """The eight values `affine_transform` takes: from a place in the variant to its place in the photo."""
    cosine, sine = np.cos(draw.angle) / draw.scale, np.sin(draw.angle) / draw.scale
    turn = np.array([[cosine, -sine], [sine, cosine]])
    turn *= np.array([[-1.0 if mirrored else 1.0] for mirrored in draw.mirrored])
    center = np.full(2, (size - 1) / 2)
    offset = center - turn @ (center + np.array(draw.shift) * size)
    return np.array([*turn[0], offset[0], *turn[1], offset[1], 0, 0], np.float32)


def _table(draw: _Draw, mean: float) -> NDArray[np.uint8]:
    """What each of the 256 values becomes."""
    values = np.arange(256) - mean
    changed = np.rint(values * draw.contrast + mean + 255 * draw.brightness)
    table: NDArray[np.uint8] = np.clip(changed, 0, 255).astype(np.uint8)
    return table
