"""Photos that are nearly the same: made smaller, saved anew, cropped a little, or mirrored."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from transfer_core.photos.health.looks import GRID, Floats, Looks, area_weights

__all__ = ["SAME", "groups_of", "near_copies"]

SAME = 0.98
"""Likeness (correlation of small grey pictures, -1..1) from which two photos count as nearly the same. In the studied
sets no two different photos reach 0.97, and copies with 5 % cropped away reach 0.99 (`python -m tests.benchmarks
health`)."""
_PLAIN = 12  # standard deviation of the grey values below which a picture holds too little to tell it from another
_SIDE = 16  # pixels of the small grey pictures
_MAYBE = 0.6  # likeness from which it is worth trying whether one is a part of the other
_CROPS = (0.95, 0.9)  # sides of the parts that are tried
_ROWS, _PAIRS = 1024, 65536  # compared at once


def near_copies(looks: Looks, check: Callable[[], None] = lambda: None) -> list[list[int]]:
    """Find photos that are nearly the same.

    Small grey pictures, 16 pixels a side, are compared by their correlation, which brightness and contrast do not
    touch: as they are, mirrored, and each with parts of the other. Pictures of nearly one brightness are left out.

    Args:
        looks: of the photos.
        check: called now and then; may raise to stop.

    Returns:
        Groups of two or more rows, each row in one of them at most. Within a group each is nearly the same as another.
    """
    rows = np.flatnonzero(looks.grid.std((1, 2)) >= _PLAIN)
    grids = looks.grid[rows].astype(np.float32)
    whole = _small(grids, 0.0, 0.0, 1.0)
    turned = whole.reshape(-1, _SIDE, _SIDE)[:, :, ::-1].reshape(whole.shape)
    pairs: list[tuple[int, int]] = []
    maybe: list[NDArray[np.int64]] = []
    for start in range(0, len(rows), _ROWS):
        check()
        some = slice(start, start + _ROWS)
        later = np.arange(len(rows))[None] > np.arange(len(rows))[some, None]
        alike, mirrored = whole[some] @ whole.T, turned[some] @ whole.T
        same = later & ((alike >= SAME) | (mirrored >= SAME))
        pairs += [(start + int(one), int(other)) for one, other in np.argwhere(same)]
        maybe.append(np.argwhere(later & ~same & (alike >= _MAYBE)) + np.array([start, 0]))
    candidates = np.concatenate(maybe) if maybe else np.zeros((0, 2), np.int64)
    for size in _CROPS:
        for top in (0.0, (1 - size) / 2, 1 - size):
            for left in (0.0, (1 - size) / 2, 1 - size):
                check()
                part = _small(grids, top, left, size)
                found = _alike(whole, part, candidates) >= SAME
                pairs += [(int(one), int(other)) for one, other in candidates[found]]
                candidates = candidates[~found]
    return [[int(rows[at]) for at in group] for group in groups_of(len(rows), pairs)]


def groups_of(count: int, pairs: list[tuple[int, int]]) -> list[list[int]]:
    """Groups of two or more of `count` things that `pairs` hold together, each sorted, the first by its first."""
    leader = list(range(count))

    def lead(one: int) -> int:
        while leader[one] != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    for one, other in pairs:
        first, second = sorted((lead(one), lead(other)))
        leader[second] = first
    groups: dict[int, list[int]] = {}
    for one in range(count):
        groups.setdefault(lead(one), []).append(one)
    return [group for group in groups.values() if len(group) > 1]


def _small(grids: Floats, top: float, left: float, size: float) -> Floats:
    """A part of each picture, (photos, 256): mean 0, length 1."""
    down, across = area_weights(GRID, _SIDE, top, size), area_weights(GRID, _SIDE, left, size)
    values = (down @ grids @ across.T).reshape(len(grids), _SIDE * _SIDE)
    values -= values.mean(1, keepdims=True)
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6))


def _alike(whole: Floats, part: Floats, pairs: NDArray[np.int64]) -> Floats:
    """Of each pair, how alike one is to a part of the other, whichever is more."""
    likeness = [np.zeros(0, np.float32)]
    for start in range(0, len(pairs), _PAIRS):
        one, other = pairs[start : start + _PAIRS].T
        ways = [np.einsum("ij,ij->i", whole[a], part[b]) for a, b in ((one, other), (other, one))]
        likeness.append(np.maximum(*ways))
    return np.concatenate(likeness)
