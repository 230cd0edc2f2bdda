"""Which photos a trial learns from, chooses its epoch by and is measured on; repeats measure on photos of their own."""

from dataclasses import dataclass, replace

from transfer_core.errors import DataError
from transfer_core.labs.folds import fitting, parts
from transfer_core.photos.manifest import Manifest, ManifestPhoto, SplitName
from transfer_core.text import plural

__all__ = ["Counts", "counts", "fold", "fold_count", "usable"]

_CHOICE = 7
"""One in so many of the photos to learn from chooses the epoch instead."""


@dataclass(frozen=True)
class Counts:
    """Photos in the parts of a trial."""

    learn: int
    choose: int
    measure: int

    @property
    def total(self) -> int:
        """All photos of the sweep."""
        return self.learn + self.choose + self.measure


def usable(manifest: Manifest) -> Manifest:
    """The photos a sweep works on: test photos stay out, so that they can still judge what is trained afterwards.

    Raises:
        DataError: a class has too few photos.
    """
    kept = replace(manifest, photos=tuple(photo for photo in manifest.photos if photo.split != "test"))
    for name, learned in kept.counts()["train"].items():
        if learned < 2:
            raise DataError(
                'The class "{name}" has {photos} to learn from, but a sweep needs at '
                "least 2 of each class, one to learn from and one to choose the epoch by, and others to measure on. "
                "Add photos: 10 or more of each class give intervals that mean something.",
                name=name,
                photos=plural("{n} photo", "{n} photos", learned),
            )
    return kept


def fold_count(manifest: Manifest, most: int) -> int:
    """How many repeats there can be, up to `most`, so that no photo is measured twice and every class can be learned.

    Args:
        manifest: what `usable` gave.
        most: 1 or more.
    """
    count = 1
    while count < min(most, _pieces(manifest) + 1) and _learnable(fold(manifest, count)):
        count += 1
    return count


def fold(manifest: Manifest, repeat: int) -> Manifest:
    """The photos of one repeat: `train` to learn from, `validation` to choose the epoch by, `test` to measure on.

    The first repeat (0) measures on the manifest's own validation photos. The others are dealt out, class by class
    (see `labs.folds.parts`), into as many parts of that size as they make, and repeat r measures on part r. So each
    photo is measured at most once a depth, and what all repeats say is about distinct photos. Of the rest, one in
    seven of each class (at least one) chooses the epoch: the photos measured have no say in anything.

    Args:
        manifest: what `usable` gave.
        repeat: 0 up to below `fold_count`.
    """
    measured = {photo.sha256 for photo in manifest.of("validation")}
    if repeat:
        pieces, rest = _pieces(manifest), _by_class(manifest, measured)
        measured = {
            sha for photos in rest for sha, piece in parts(photos, pieces, "deal").items() if piece == repeat - 1
        }
    choosing: set[str] = set()
    for photos in _by_class(manifest, measured):
        # Another order than that of the dealing, so that the choosers come from all parts.
        choosing |= fitting(photos, max(1, len(photos) // _CHOICE), f"choose|{repeat}")

    def split(photo: ManifestPhoto) -> SplitName:
        return "test" if photo.sha256 in measured else "validation" if photo.sha256 in choosing else "train"

    return replace(manifest, photos=tuple(replace(photo, split=split(photo)) for photo in manifest.photos))


def counts(manifest: Manifest) -> Counts:
    """Count the photos of what `fold` gave."""
    return Counts(len(manifest.of("train")), len(manifest.of("validation")), len(manifest.of("test")))


def _pieces(manifest: Manifest) -> int:
    """Parts of the size of the validation photos that the others make, at least 1."""
    return max(1, round(len(manifest.of("train")) / len(manifest.of("validation"))))


def _learnable(manifest: Manifest) -> bool:
    found = manifest.counts()
    return any(found["test"].values()) and all(all(found[split].values()) for split in ("train", "validation"))


def _by_class(manifest: Manifest, without: set[str]) -> list[list[ManifestPhoto]]:
    """The photos of each class that has any, but for those whose SHA-256 is in `without`."""
    photos = [photo for photo in manifest.photos if photo.sha256 not in without]
    by_class = ([photo for photo in photos if photo.label == label] for label in range(len(manifest.classes)))
    return [found for found in by_class if found]
