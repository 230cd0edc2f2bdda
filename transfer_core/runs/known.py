"""What a trained classifier learned from, as its network sees it, kept beside the model to know strangers by."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from transfer_core.disk.files import atomic_path
from transfer_core.stats.abstention import COVERAGE, KnownPhotos, threshold_for

__all__ = ["MOST_KNOWN", "Known", "read_known", "write_known"]

MOST_KNOWN = 5000
"""Photos kept, evenly chosen: 13 MB with 1,280 channels. More tell strangers no better."""


@dataclass(frozen=True)
class Known:
    """The photos learned from, and how much photos that are new to the network look like them."""

    photos: KnownPhotos
    sha256: tuple[str, ...]
    """Of the photo each row shows."""
    checked: NDArray[np.float32]
    """Likeness (`KnownPhotos.similarity`) of the validation photos, and where only a head was trained, of each photo
    learned from with the others."""

    def threshold(self, coverage: float = COVERAGE) -> float:
        """See `stats.abstention.threshold_for`."""
        return threshold_for(self.checked, coverage)


def write_known(path: Path, known: Known) -> None:
    """Write it as an .npz file, atomically: `features` (float16), `sha256`, `checked`, `threshold`.

    Raises:
        StorageError: the disk is full or can't be written.
    """
    with atomic_path(path) as temporary:
        np.savez(
            temporary,
            features=known.photos.features,
            sha256=np.array(known.sha256, "U64"),
            checked=known.checked,
            threshold=np.float32(known.threshold()),  # for programs that have no more than this file
        )


def read_known(path: Path) -> Known | None:
    """Read what `write_known` wrote; None where there is nothing, as beside models of earlier versions, or it is
    damaged: the classifier then answers whatever it is shown."""
    try:
        with np.load(path) as stored:
            known = Known(
                KnownPhotos(stored["features"]), tuple(map(str, stored["sha256"])), stored["checked"].astype(np.float32)
            )
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None
    whole = known.photos.features.ndim == 2 and len(known.sha256) == len(known.photos.features) > 0
    return known if whole and len(known.checked) else None
