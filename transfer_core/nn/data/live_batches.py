"""Mini-batches of photos that look different in every epoch: variants are made and run through the prefix each time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.disk.mapped_memory import MappedReads
from transfer_core.nn.data.augment import Variant
from transfer_core.nn.data.batches import Batch, Batches, Rows
from transfer_core.nn.data.variants import AugmentedRows
from transfer_core.runs.augmentation import Preset

__all__ = ["LiveBatches", "LivePhotos"]

_AT_ONCE = 32  # photos; small batches go through the prefix together


@dataclass(frozen=True)
class LivePhotos:
    """What the variants are made of, and what is made of them."""

    photos: Rows
    """uint8 (photos, size, size, 3)."""
    sha256: tuple[str, ...]
    """Of the photo each place of `Batches.rows` shows."""
    preset: Preset
    seed: int
    forward: Callable[[NDArray[np.uint8]], tuple[NDArray[Any], ...]]
    """From variants (batch, size, size, 3) to the inputs of the network."""


@dataclass(frozen=True)
class LiveBatches(Batches):
    """Training photos whose variants belong to the epoch; `sources` only say what the inputs look like."""

    live: LivePhotos = field(kw_only=True)

    @property
    def at_hand(self) -> bool:
        """See `Batches.at_hand`: each goes through the base."""
        return False

    def only(self, places: NDArray[np.int64]) -> "LiveBatches":
        """See `Batches.only`."""
        live = replace(self.live, sha256=tuple(self.live.sha256[place] for place in places))
        return replace(self, rows=self.rows[places], labels=self.labels[places], seed=None, live=live)

    def epoch(self, number: int = 0) -> Iterator[Batch]:
        """The batches of one epoch, in the order of `Batches.epoch`; the same number, the same variants."""
        live = self.live
        variants = tuple(Variant(sha, number) for sha in live.sha256)
        shown = AugmentedRows(live.photos, self.rows, variants, live.preset, live.seed)
        order = self.order(number)
        reads = MappedReads([live.photos])
        together = self.batch_size * max(1, _AT_ONCE // self.batch_size)
        for start in range(0, self.photos, together):
            places = order[start : start + together]
            photos = shown[places]
            reads.add(photos.nbytes)
            inputs = live.forward(photos)
            for first in range(0, len(places), self.batch_size):
                part = slice(first, first + self.batch_size)
                yield self.batch(places[part], tuple(value[part] for value in inputs))
