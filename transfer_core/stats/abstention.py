"""When a classifier should rather say "none of these": a photo is new to it if no photo it learned from looks alike.

A classifier's own sureness can't tell: it was never shown anything but its classes, and is often surest of what it has
never seen. The distance to the nearest photos it learned from, between pooled features, can (Sun et al. 2022,
arXiv:2204.06507).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["COVERAGE", "NEAREST", "KnownPhotos", "auroc", "expected_coverage", "threshold_for"]

NEAREST = 5
"""The similarity to the fifth nearest counts: one photo alike may be chance, or a copy."""
COVERAGE = 0.95
"""Share of new photos of the classes that are to be answered, unless a person wants another."""
_SMALLEST = 1e-12
_BLOCK = 512  # photos compared at once


@dataclass(frozen=True)
class KnownPhotos:
    """What a classifier learned from, as its network sees it."""

    features: NDArray[np.float16]
    """(photos, channels), each row of length 1."""

    @classmethod
    def of(cls, features: NDArray[np.float32]) -> "KnownPhotos":
        """From pooled features (photos, channels)."""
        return cls(_directions(features).astype(np.float16))

    @cached_property
    def _rows(self) -> NDArray[np.float32]:
        return self.features.astype(np.float32)

    def compare(self, features: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """How much photos look like what is known.

        Args:
            features: pooled features (n, channels) of the same network.

        Returns:
            The cosine with the fifth nearest, or the last if there are fewer: (n,), -1 to 1; and the rows of the five
            nearest, the nearest first: (n, 5), or fewer columns.
        """
        alike = _directions(features) @ self._rows.T
        count = min(NEAREST, alike.shape[1])
        nearest = np.argpartition(-alike, count - 1, axis=1)[:, :count]
        values = np.take_along_axis(alike, nearest, 1)
        order = np.argsort(-values, axis=1, kind="stable")
        return np.take_along_axis(values, order, 1)[:, -1], np.take_along_axis(nearest, order, 1)

    def among_themselves(self) -> NDArray[np.float32]:
        """How much each known photo looks like the others: (photos,), as `similarity` without the photo itself."""
        count = min(NEAREST + 1, len(self._rows))
        found = []
        for start in range(0, len(self._rows), _BLOCK):
            alike = self._rows[start : start + _BLOCK] @ self._rows.T
            alike[np.arange(len(alike)), np.arange(start, start + len(alike))] = np.inf  # itself comes first
            found.append(-np.partition(-alike, count - 1, axis=1)[:, count - 1])
        return np.concatenate(found)

    def similarity(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """The first of what `compare` gives."""
        return self.compare(features)[0]


def threshold_for(similarities: NDArray[np.float32], coverage: float = COVERAGE) -> float:
    """The similarity below which a photo is none of the classes, so that `coverage` of new photos of them are answered.

    Args:
        similarities: of photos of the classes that were not learned from; at least one.
        coverage: share to be answered, 0..1.

    Returns:
        As in conformal prediction (Vovk et al. 2005): of n such photos the k-th smallest, k = (1 - coverage) (n + 1)
        rounded down, at least 1.
    """
    return float(np.sort(similarities)[_rank(len(similarities), coverage) - 1])


def expected_coverage(photos: int, coverage: float = COVERAGE) -> float:
    """The share of new photos of the classes that is answered, on average, with `threshold_for` so many photos: with
    few of them it is less than was asked for."""
    return 1 - _rank(photos, coverage) / (photos + 1)


def _rank(photos: int, coverage: float) -> int:
    # Rounded: (1 - 0.95) * 20 is a hair below 1.
    return min(max(1, int(round((1 - coverage) * (photos + 1), 9))), photos)


def auroc(known: NDArray[np.float32], strangers: NDArray[np.float32]) -> float:
    """How well a score tells known photos from strangers: the chance that a known one has the higher score, 0..1."""
    scores = np.concatenate([known, strangers])
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    values, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    sums = np.zeros(len(values))
    np.add.at(sums, inverse, ranks)  # equal scores share a rank
    ranks = (sums / counts)[inverse]
    return float((ranks[: len(known)].sum() - len(known) * (len(known) + 1) / 2) / (len(known) * len(strangers)))


def _directions(features: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return np.asarray(features / np.maximum(lengths, _SMALLEST), np.float32)
