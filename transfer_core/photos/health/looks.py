"""How photos look, in a few numbers each: brightness, contrast, blur, colors, what lies along the border."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageStat

__all__ = ["Looks", "look"]

Floats = NDArray[np.float32]

_GRID = 64  # side of the small grey picture that is kept of each photo
_STRIP = 0.04  # of a side: what counts as the border
_BOX = 9  # pixels a photo is blurred over, to see what that takes away; as in the paper
_AT_ONCE = 32  # photos


@dataclass(frozen=True)
class Looks:
    """One row a photo, of the square that the network sees. All but `grid` in 0..1."""

    brightness: Floats
    """(photos,) mean luma."""
    contrast: Floats
    """(photos,) standard deviation of red, green or blue, whichever differs most."""
    blur: Floats
    """(photos,) 0 sharp, 1 blurred: the share of the differences between neighbours that stay when the photo is blurred
    once more (Crete et al. 2007, "The blur effect"; 9 pixels wide, the more blurred of the two directions)."""
    color: Floats
    """(photos, 3) mean red, green and blue."""
    border: Floats
    """(photos, 12) mean red, green and blue along the top, the bottom, the left and the right."""
    grid: NDArray[np.uint8]
    """(photos, 64, 64) luma, 0..255."""

    def __len__(self) -> int:
        """How many photos."""
        return len(self.brightness)


def look(squares: Any, rows: Sequence[int] | None = None, told: Callable[[int], None] = lambda done: None) -> Looks:
    """Look at photos.

    Args:
        squares: uint8 (photos, size, size, 3), RGB: an array, or what gives one for rows as a memory map does.
        rows: which of them, in this order; None: all.
        told: called with how many are done, a few at a time; may raise to stop.
    """
    chosen = np.arange(len(squares)) if rows is None else np.asarray(rows, np.int64)
    parts = []
    with ThreadPoolExecutor(os.cpu_count(), "thaw-look") as pool:
        begins = range(0, len(chosen), _AT_ONCE)
        try:
            for part in pool.map(lambda begin: _look(np.asarray(squares[chosen[begin : begin + _AT_ONCE]])), begins):
                parts.append(part)
                told(min(len(parts) * _AT_ONCE, len(chosen)))
        finally:
            pool.shutdown(cancel_futures=True)
    return Looks(*(np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(Looks)))


def _look(squares: NDArray[np.uint8]) -> Looks:
    size = squares.shape[1]
    strip = max(round(_STRIP * size), 1)
    sides = (squares[:, :strip], squares[:, -strip:], squares[:, :, :strip], squares[:, :, -strip:])
    colored = [Image.fromarray(square) for square in squares]
    colors = [ImageStat.Stat(one) for one in colored]
    grey = [one.convert("L") for one in colored]
    luma = [np.asarray(one, np.int32) for one in grey]
    return Looks(
        np.array([one.mean() for one in luma], np.float32) / np.float32(255),
        np.array([max(one.stddev) for one in colors], np.float32) / np.float32(255),
        np.array([max(_blur(one), _blur(one.T)) for one in luma], np.float32),
        np.array([one.mean for one in colors], np.float32) / np.float32(255),
        np.concatenate([_mean_color(side) for side in sides], 1),
        np.stack([np.asarray(one.resize((_GRID, _GRID), Image.Resampling.BOX)) for one in grey]),
    )


def _mean_color(squares: NDArray[np.uint8]) -> Floats:
    return np.asarray(squares.mean((1, 2), dtype=np.float64) / 255, np.float32)


def _blur(grey: NDArray[np.int32]) -> float:
    """From left to right; of a photo in which nothing differs, 1."""
    count = grey.shape[1] - 1
    before = _BOX * np.abs(np.diff(grey))
    padded = np.pad(grey, ((0, 0), (_BOX // 2, _BOX // 2)), mode="edge")
    # Of means over 9 pixels, neighbours differ by what the one takes in less what the other lets go.
    after = np.abs(padded[:, _BOX:] - padded[:, :count])
    there = int(before.sum())
    return 1 - int(np.maximum(before - after, 0).sum()) / there if there else 1.0
