"""What the network sees of each photo: itself where it is checked, its augmented variants where it is learned from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.disk.arrays import content_key
from transfer_core.nn.data.augment import AUGMENTATION_VERSION, Variant, augment
from transfer_core.nn.data.batches import Rows
from transfer_core.nn.data.pixels import Pixels
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.augmentation import Preset

__all__ = ["AugmentedPixels", "AugmentedRows", "with_variants"]


@dataclass(frozen=True)
class AugmentedRows:
    """Photos and their variants as rows of one array; a variant is made each time it is asked for, never stored."""

    photos: Rows
    """uint8 (photos, size, size, 3)."""
    rows: NDArray[np.int64]
    """(rows,) The photo each row shows."""
    variants: tuple[Variant | None, ...]
    """Which variant of it; None: the photo as it is."""
    preset: Preset
    seed: int

    @property
    def shape(self) -> tuple[int, ...]:
        """As an array's."""
        return (len(self.rows), *self.photos.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """As an array's."""
        return self.photos.dtype

    @property
    def base(self) -> Rows:
        """As an array's: whose memory it is."""
        return self.photos

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, chosen: Any) -> NDArray[np.uint8]:
        """The rows of a slice or of an array of numbers."""
        places = np.arange(len(self.rows))[chosen]
        result = np.array(self.photos[self.rows[places]])
        wanted = [(place, variant) for place, row in enumerate(places) if (variant := self.variants[row])]
        if wanted:
            changed = [place for place, _ in wanted]
            result[changed] = augment(result[changed], [variant for _, variant in wanted], self.preset, self.seed)
        return result


@dataclass(frozen=True)
class AugmentedPixels(Pixels):
    """Pixels whose training photos are variants; `rows` holds the photos to check on, which stay as they are."""

    training: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Rows of the variants of each photo to learn from, by SHA-256."""

    def training_rows(self, sha256: str) -> Sequence[int]:
        """See `Pixels.training_rows`."""
        return self.training[sha256]


def with_variants(pixels: Pixels, manifest: Manifest, preset: Preset, variants: int, seed: int) -> AugmentedPixels:
    """Show each training photo as `variants` fixed variants, and every other photo as it is.

    The rows keep the order of `pixels`. With 0 variants the training photos are left out.
    """
    learned = {photo.sha256 for photo in manifest.of("train")}
    checked = {photo.sha256 for photo in manifest.photos if photo.split != "train"}
    rows: list[int] = []
    shown: list[Variant | None] = []
    held: dict[str, int] = {}
    training: dict[str, tuple[int, ...]] = {}
    for sha, row in pixels.rows.items():
        # One photo may stand in two splits; training warns of it, and each has rows of its own here.
        if sha in checked:
            held[sha] = len(rows)
            rows.append(row)
            shown.append(None)
        if sha in learned:
            training[sha] = tuple(range(len(rows), len(rows) + variants))
            rows += [row] * variants
            shown += [Variant(sha, number) for number in range(variants)]
    names = [[sha, sha in checked, sha in learned] for sha in pixels.rows]
    factors = [value for name, value in vars(preset).items() if name not in ("name", "title", "description")]
    # Without variants nothing random is in the rows, so they serve every preset and seed.
    key = content_key(pixels.key, names, variants, *([AUGMENTATION_VERSION, factors, seed] if variants else []))
    array = AugmentedRows(pixels.array, np.array(rows, np.int64), tuple(shown), preset, seed)
    return AugmentedPixels(array, key, held, training)
