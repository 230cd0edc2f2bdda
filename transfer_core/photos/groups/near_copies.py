"""Photos that are nearly the same: made smaller, saved anew, cropped a little, or mirrored."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["SAME", "area_weights", "groups_of", "near_copies", "small_grey", "told_apart"]

Floats = NDArray[np.float32]

SAME = 0.98
"""Likeness (correlation of small grey pictures, -1..1) from which two photos count as nearly the same. In the studied
sets no two different photos reach 0.97, and copies with 5 % cropped away reach 0.99 (`python -m tests.benchmarks
health`)."""
_PLAIN = 12  # standard deviation of the grey values below which a picture holds too little to tell it from another
_SIDE = 16  # pixels of the small grey pictures
_CROPS = (0.95, 0.9)  # sides of the parts that are tried
_ROWS = 1024  # compared with all others at once
_ROUNDING = 1e-4


def near_copies(grids: NDArray[np.uint8], check: Callable[[], None] = lambda: None, since: int = 0) -> list[list[int]]:
    """Find photos that are nearly the same.

    Small grey pictures, 16 pixels a side, are compared by their correlation, which brightness and contrast do not
    touch: as they are, mirrored, and each with parts of the other. Pictures of nearly one brightness are left out.

    Args:
        grids: (photos, side, side) grey pictures of what the network sees of each, 32 pixels a side or more.
        check: called now and then; may raise to stop.
        since: the rows before this one are known, and not compared with each other.

    Returns:
        Groups of two or more rows, each row in one of them at most. Within a group each is nearly the same as another.
    """
    rows = told_apart(grids)
    values = grids[rows].astype(np.float32)
    known = int(np.searchsorted(rows, since))
    whole = small_grey(values)
    turned = whole.reshape(-1, _SIDE, _SIDE)[:, :, ::-1].reshape(whole.shape)
    pairs: list[tuple[int, int]] = []
    rough = _rough(whole)
    for part in (whole, turned, *(small_grey(values, *crop) for crop in _crops())):
        rough_part = _rough(part).T
        for start in range(0, len(rows), _ROWS):
            check()
            others = known if start + _ROWS <= known else 0  # the first that these are compared with
            if others == len(rows):
                continue
            products = rough[start : start + _ROWS] @ rough_part[:, others:]
            some = np.flatnonzero(products.max(1) >= SAME - _ROUNDING)
            one, other = np.nonzero(products[some] >= SAME - _ROUNDING)
            one, other = start + some[one], others + other
            same = (one != other) & ((whole[one] * part[other]).sum(1) >= SAME)
            pairs += list(zip(one[same].tolist(), other[same].tolist(), strict=True))
    return [[int(rows[at]) for at in group] for group in groups_of(len(rows), pairs)]


def _rough(values: Floats) -> Floats:
    """(photos, 17) whose products are no smaller than those of the pictures: a first look at a fifteenth of the price.

    Means of squares of 4 x 4 pixels, as coordinates, and the length of what they leave out (by Cauchy and Schwarz, what
    is left of two pictures can't add more to their product than the product of its lengths).
    """
    squares = (
        values.reshape(len(values), _SIDE // 4, 4, _SIDE // 4, 4).sum((2, 4)).reshape(len(values), (_SIDE // 4) ** 2)
        / 4
    )
    rest = np.sqrt(np.maximum(1 - (squares**2).sum(1, keepdims=True), 0))
    return np.asarray(np.concatenate([squares, rest], 1), np.float32)


def told_apart(grids: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The rows whose pictures hold enough to tell them from others."""
    return np.flatnonzero(grids.std((1, 2)) >= _PLAIN)


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


def small_grey(grids: Floats, top: float = 0.0, left: float = 0.0, size: float = 1.0) -> Floats:
    """A part of each picture, (photos, 256): mean 0, length 1, so that products are correlations."""
    side = grids.shape[1]
    down, across = area_weights(side, _SIDE, top, size), area_weights(side, _SIDE, left, size)
    values = (down @ grids @ across.T).reshape(len(grids), _SIDE * _SIDE)
    values -= values.mean(1, keepdims=True)
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6))


def area_weights(source: int, target: int, begin: float = 0.0, share: float = 1.0) -> Floats:
    """Weights (target, source) that average a row of `source` pixels into `target`, by the area each covers.

    Args:
        source: pixels there are.
        target: pixels to be made.
        begin: where the part that is taken begins, as a share of the row, 0..1.
        share: how much of the row is taken, in (0, 1 - begin].
    """
    edges = source * (begin + share * np.arange(target + 1) / target)
    pixels = np.arange(source)
    covered = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    covered = np.maximum(covered, 0)
    return np.asarray(covered / covered.sum(1, keepdims=True), np.float32)
