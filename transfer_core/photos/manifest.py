"""Which photo teaches and which one checks: the seeded, stratified split of a store, as a file a run keeps."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

from transfer_core.disk.files import read_json, write_json
from transfer_core.errors import ConfigError, DataError, StorageError
from transfer_core.photos.queries import Photo
from transfer_core.photos.sources.layout import SplitName
from transfer_core.text import all_of

__all__ = ["Manifest", "ManifestPhoto", "SplitName", "check_trainable", "split_photos"]

_VERSION = 1


@dataclass(frozen=True)
class ManifestPhoto:
    """One photo with its label and its split."""

    sha256: str
    """Of the original's bytes, 64 hexadecimal digits."""
    path: str
    """Where the original lies, absolute."""
    name: str
    """As found: class folder and file name, for people."""
    label: int
    """Index into `Manifest.classes`."""
    split: SplitName
    pixels: str | None = None
    """As `Photo.pixels`: the same in other bytes of the same picture."""


@dataclass(frozen=True)
class Manifest:
    """The photos of a run; immutable, so that a run can be repeated and explained later."""

    classes: tuple[str, ...]
    """Sorted by name; the position is the label."""
    photos: tuple[ManifestPhoto, ...]
    set_aside: tuple[str, ...] = ()
    """Names of photos left out because one photo stands under two labels."""

    def counts(self) -> dict[str, dict[str, int]]:
        """Count the photos of each class in each split: {split: {class: photos}}."""
        counts: dict[str, dict[str, int]] = {split: dict.fromkeys(self.classes, 0) for split in get_args(SplitName)}
        for photo in self.photos:
            counts[photo.split][self.classes[photo.label]] += 1
        return counts

    def of(self, split: SplitName) -> tuple[ManifestPhoto, ...]:
        """Give the photos of one split."""
        return tuple(photo for photo in self.photos if photo.split == split)

    @property
    def leaks(self) -> list[list[str]]:
        """Names of photos that stand in more than one split: a test on a photo learnt from proves nothing."""
        seen: dict[str, list[ManifestPhoto]] = {}
        for photo in self.photos:
            seen.setdefault(photo.pixels or photo.sha256, []).append(photo)
        groups = (group for group in seen.values() if len({photo.split for photo in group}) > 1)
        return [[photo.name for photo in group] for group in groups]

    def with_split(self, other: "Manifest", split: SplitName) -> "Manifest":
        """Take this manifest's photos, less those of `split`, and those of `other` as `split`.

        Of a set that has splits of its own, its photos of `split`; of another, every photo.

        Raises:
            DataError: the two do not have the same classes.
        """
        _check_same_classes(self.classes, other.classes)
        kept = tuple(photo for photo in self.photos if photo.split != split)
        added = tuple(replace(photo, split=split) for photo in other.of(split) or other.photos)
        return Manifest(self.classes, kept + added, self.set_aside + other.set_aside)

    def write(self, path: Path) -> None:
        """Write the manifest as JSON, atomically."""
        write_json(path, {"version": _VERSION, **asdict(self)})

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Read a manifest that `write` wrote.

        Raises:
            StorageError: the file is missing or is not a manifest.
        """
        value: Any = read_json(path)
        try:
            classes = tuple(str(name) for name in value["classes"])
            photos = tuple(ManifestPhoto(**photo) for photo in value["photos"])
            if value["version"] != _VERSION or not all(0 <= photo.label < len(classes) for photo in photos):
                raise ValueError("another version, or a label without a class")
            return cls(classes, photos, tuple(value["set_aside"]))
        except (KeyError, TypeError, ValueError) as error:
            raise StorageError(
                "{path} is not a list of photos Thaw wrote ({error}): restore it from a copy.",
                path=path,
                error=repr(error),
            ) from error


def check_trainable(classes: dict[str, int]) -> None:
    """Check that a classifier can be trained on so many photos a class.

    Raises:
        DataError: no class, one class, or a class of fewer than two photos.
    """
    if not classes:
        raise DataError("There are no photos yet: add photos of at least two classes, at least two of each.")
    if len(classes) == 1:
        (name,) = classes
        raise DataError(
            'There is only one class, "{name}": a classifier tells classes apart, so add photos of at least one more.',
            name=name,
        )
    for name, count in classes.items():
        if count == 0:
            raise DataError('The class "{name}" has no photos: add at least two, or delete the class.', name=name)
        if count == 1:
            raise DataError(
                'The class "{name}" has a single photo, but one is needed to learn from and another to check: add at '
                "least one more, or delete the class.",
                name=name,
            )


def split_photos(classes: Iterable[str], photos: Iterable[Photo], validation_fraction: float, seed: int) -> Manifest:
    """Split photos, class by class, into training and validation; those whose folder named a split stay in it.

    Within a class without validation photos of its own, its photos are ordered by SHA-256("seed|sha256"), which each
    photo has for itself whatever others there are; the first round(n * fraction), at least 1 and at most n - 1,
    validate. So the split depends on the photos' bytes, the fraction and the seed alone, and one more photo moves at
    most one other across. Photos with the same pixels are on one side, and one that stands under several classes is set
    aside.

    Args:
        classes: names in the order of their labels.
        photos: of these classes.
        validation_fraction: share of each class for validation, in [0, 1); 0 moves no photo to validation, which is
            what a test set needs before `Manifest.with_split`.
        seed: another seed, another split.

    Raises:
        ConfigError: the fraction is out of range.
        DataError: there is nothing to train on, see `check_trainable`.
    """
    if not 0 <= validation_fraction < 1:
        raise ConfigError(
            "The share of photos for validation is {validation_fraction}: choose at least 0 and less than 1.",
            validation_fraction=validation_fraction,
        )
    labels: dict[str, set[str]] = {}
    listed = list(photos)
    for photo in listed:
        labels.setdefault(photo.identity, set()).add(photo.class_name)
    by_class: dict[str, list[Photo]] = {name: [] for name in classes}
    for photo in listed:
        if len(labels[photo.identity]) == 1:
            by_class[photo.class_name].append(photo)
    if validation_fraction > 0:
        _check_splits(by_class)
    entries = []
    for label, members in enumerate(by_class.values()):
        validating = any(photo.split == "validation" for photo in members)
        twins: dict[str, str] = {}  # one SHA-256 for all photos with the same pixels
        for photo in members:
            if photo.split != "test":
                twins[photo.identity] = min(photo.sha256, twins.get(photo.identity, photo.sha256))
        chosen = set[str]() if validating else _first(twins.values(), validation_fraction, seed)
        for photo in members:
            split = photo.split or "train"
            if split == "train" and twins.get(photo.identity) in chosen:
                split = "validation"
            entries.append(ManifestPhoto(photo.sha256, str(photo.path), photo.name, label, split, photo.pixels))
    set_aside = tuple(photo.name for photo in listed if len(labels[photo.identity]) > 1)
    return Manifest(tuple(by_class), tuple(entries), set_aside)


def _check_splits(by_class: dict[str, list[Photo]]) -> None:
    """Raise `DataError` where a class has too few photos that are not for the test."""
    for name, members in by_class.items():
        splits = [photo.split for photo in members]
        if members and all(split == "test" for split in splits):
            raise DataError(
                'All photos of the class "{name}" are test photos, which are never learned from: add photos of it to '
                "learn from, or delete the class.",
                name=name,
            )
        if "validation" in splits and not any(split in (None, "train") for split in splits):
            raise DataError(
                'The class "{name}" has no photos to learn from, only some to check on: add some, or delete the class.',
                name=name,
            )
    # A class with validation photos of its own needs no second one to learn from.
    check_trainable({name: sum(photo.split != "test" for photo in members) for name, members in by_class.items()})


def _first(shas: Iterable[str], fraction: float, seed: int) -> set[str]:
    if fraction == 0:
        return set()
    ordered = sorted(shas, key=lambda sha: hashlib.sha256(f"{seed}|{sha}".encode()).hexdigest())
    count = int(len(ordered) * fraction + 0.5)
    return set(ordered[: min(max(count, 1), len(ordered) - 1)])


def _check_same_classes(ours: tuple[str, ...], theirs: tuple[str, ...]) -> None:
    missing, extra = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
    if missing or extra:
        differs = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has {', '.join(extra)} besides"] * bool(extra)
        raise DataError(
            "The second set of photos must have the same classes ({ours}), but it {differs}: name its folders alike.",
            ours=ours,
            differs=all_of(differs),
        )
