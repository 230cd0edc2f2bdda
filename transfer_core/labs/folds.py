"""Photos dealt into parts, each to be answered by a classifier that learned from the others."""

import hashlib
from collections.abc import Iterable, Sequence

from transfer_core.photos.manifest import ManifestPhoto

__all__ = ["deal", "ordered"]


def deal(photos: Sequence[ManifestPhoto], folds: int, seed: int) -> list[int]:
    """The fold of each photo, 0 to `folds` - 1: stratified, and of its content and the seed alone.

    The photos of a class differ by at most one between folds, and so do all photos: each class goes on dealing where
    the one before ended.
    """
    fold: dict[str, int] = {}
    for label in sorted({photo.label for photo in photos}):
        for sha in ordered((photo for photo in photos if photo.label == label), seed):
            fold[sha] = len(fold) % folds
    return [fold[photo.sha256] for photo in photos]


def ordered(photos: Iterable[ManifestPhoto], seed: int) -> list[str]:
    """Their SHA-256 in an order of content and seed alone."""
    shas = (photo.sha256 for photo in photos)
    return sorted(shas, key=lambda sha: hashlib.sha256(f"probe|{seed}|{sha}".encode()).hexdigest())
