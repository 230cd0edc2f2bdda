"""Mini-batches cut from memory maps: only one batch is ever copied, in an order that a seed decides."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Batch", "Batches", "class_weights"]


@dataclass(frozen=True)
class Batch:
    """A few photos, ready for a step."""

    inputs: tuple[NDArray[Any], ...]
    """One array (batch, ...) an input of the network."""
    labels: NDArray[np.int32]
    """(batch,)"""
    weights: NDArray[np.float32]
    """(batch,) What each photo's loss counts."""


@dataclass(frozen=True)
class Batches:
    """Photos of one split, as rows of arrays on disk."""

    sources: tuple[NDArray[Any], ...]
    """One array (rows, ...) an input of the network; a memory map of any size."""
    rows: NDArray[np.int64]
    """(photos,) The row of each photo."""
    labels: NDArray[np.int32]
    """(photos,)"""
    batch_size: int
    weights: NDArray[np.float32] | None = None
    """(classes,) Weight of each class in the loss; None: all 1."""
    seed: int | None = None
    """Order of the photos, with the epoch's number; None: as they stand."""

    @property
    def photos(self) -> int:
        """Number of photos."""
        return len(self.rows)

    def __len__(self) -> int:
        return -(-self.photos // self.batch_size)

    def epoch(self, number: int = 0) -> Iterator[Batch]:
        """The batches of one epoch; the same number, the same order, whatever ran before."""
        order = np.arange(self.photos)
        if self.seed is not None:
            order = np.random.default_rng([self.seed, number]).permutation(self.photos)
        for start in range(0, self.photos, self.batch_size):
            chosen = order[start : start + self.batch_size]
            labels = self.labels[chosen]
            weights = np.ones(len(chosen), np.float32) if self.weights is None else self.weights[labels]
            yield Batch(tuple(source[self.rows[chosen]] for source in self.sources), labels, weights)


def class_weights(labels: NDArray[np.int32], classes: int) -> NDArray[np.float32]:
    """Weights that make every class count as much as any other: photos / (classes x photos of the class).

    King and Zeng 2001, as in scikit-learn's `class_weight="balanced"`; equal classes give 1.
    """
    counts = np.bincount(labels, minlength=classes)
    return (len(labels) / (classes * np.maximum(counts, 1))).astype(np.float32)
