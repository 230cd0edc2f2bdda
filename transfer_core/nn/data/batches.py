"""Mini-batches cut from memory maps: only one batch is ever copied, in an order that a seed decides."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from transfer_core.disk.mapped_memory import MappedReads

__all__ = ["Batch", "Batches", "Rows", "class_weights", "joined"]


class Rows(Protocol):
    """What rows are taken from: an array, a memory map of any size, or something that makes them when asked."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, ...)"""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the values."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, chosen: Any, /) -> Any:
        """The rows of a slice or of an array of numbers, as an array."""
        ...


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

    sources: tuple[Rows, ...]
    """One array (rows, ...) an input of the network."""
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
    def at_hand(self) -> bool:
        """Whether a batch takes next to no time: it is only read."""
        return True

    @property
    def photos(self) -> int:
        """Number of photos."""
        return len(self.rows)

    def __len__(self) -> int:
        return -(-self.photos // self.batch_size)

    def only(self, places: NDArray[np.int64]) -> "Batches":
        """The same of fewer photos, those at `places`, which stay in order."""
        return replace(self, rows=self.rows[places], labels=self.labels[places], seed=None)

    def epoch(self, number: int = 0) -> Iterator[Batch]:
        """The batches of one epoch; the same number, the same order, whatever ran before."""
        order, reads = self.order(number), MappedReads(self.sources)
        for start in range(0, self.photos, self.batch_size):
            chosen = order[start : start + self.batch_size]
            inputs = tuple(source[self.rows[chosen]] for source in self.sources)
            reads.add(sum(part.nbytes for part in inputs))
            yield self.batch(chosen, inputs)

    def order(self, number: int) -> NDArray[np.int64]:
        """Places in `rows`, in the order of an epoch."""
        if self.seed is None:
            return np.arange(self.photos)
        return np.random.default_rng([self.seed, number]).permutation(self.photos)

    def batch(self, chosen: NDArray[np.int64], inputs: tuple[NDArray[Any], ...]) -> Batch:
        """What a step needs of the photos at the places `chosen`, whose inputs are given."""
        labels = self.labels[chosen]
        weights = np.ones(len(chosen), np.float32) if self.weights is None else self.weights[labels]
        return Batch(inputs, labels, weights)


def joined(parts: Sequence[Batch]) -> Batch:
    """One batch of the photos of several, in their order."""
    if len(parts) == 1:
        return parts[0]
    inputs = tuple(np.concatenate(sources) for sources in zip(*(part.inputs for part in parts), strict=True))
    labels, weights = (np.concatenate(values) for values in zip(*((p.labels, p.weights) for p in parts), strict=True))
    return Batch(inputs, labels, weights)


def class_weights(labels: NDArray[np.int32], classes: int) -> NDArray[np.float32]:
    """Weights that make every class count as much as any other: photos / (classes x photos of the class).

    King and Zeng 2001, as in scikit-learn's `class_weight="balanced"`; equal classes give 1.
    """
    counts = np.bincount(labels, minlength=classes)
    return (len(labels) / (classes * np.maximum(counts, 1))).astype(np.float32)
