"""Photos that are nearly the same: made smaller, saved anew, cropped a little, or mirrored."""

from collections.abc import Callable, Iterator

import numpy as np

from transfer_core.photos.health.looks import GRID, Floats, Looks, area_weights

__all__ = ["SAME", "groups_of", "near_copies"]

SAME = 0.98
"""Likeness (correlation of small grey pictures, -1..1) from which two photos count as nearly the same. In the studied
sets no two different photos reach 0.97, and copies with 5 % cropped away reach 0.99 (`python -m tests.benchmarks
health`)."""
_PLAIN = 12  # standard deviation of the grey values below which a picture holds too little to tell it from another
_SIDE = 16  # pixels of the small grey pictures
_CROPS = (0.95, 0.9)  # sides of the parts that are tried
_ROWS = 1024  # compared with all others at once


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
    for part in (whole, turned, *(_small(grids, *crop) for crop in _crops())):
        for start in range(0, len(rows), _ROWS):
            check()
            found = np.argwhere(whole[start : start + _ROWS] @ part.T >= SAME)
            pairs += [(start + int(one), int(other)) for one, other in found if start + one != other]
    return [[int(rows[at]) for at in group] for group in groups_of(len(rows), pairs)]


def _crops() -> Iterator[tuple[float, float, float]]:
    """Top, left and side of the parts that are tried, as shares of the whole."""
    for size in _CROPS:
        for top in (0.0, (1 - size) / 2, 1 - size):
            for left in (0.0, (1 - size) / 2, 1 - size):
                yield top, left, size


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
