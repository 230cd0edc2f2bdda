"""Which photo teaches and which one checks: the seeded, stratified split of a store, as a file a run keeps."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from transfer_core.errors import DataError, StorageError
from transfer_core.storage import read_json, write_json

__all__ = ["Manifest", "ManifestPhoto", "SplitName", "check_trainable", "validation_shas"]

SplitName = Literal["train", "validation", "test"]

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
            seen.setdefault(photo.sha256, []).append(photo)
        groups = (group for group in seen.values() if len({photo.split for photo in group}) > 1)
        return [[photo.name for photo in group] for group in groups]

    def with_split(self, other: "Manifest", split: SplitName) -> "Manifest":
        """Take this manifest's photos, less those of `split`, and every photo of `other` as `split`.

        Raises:
            DataError: the two do not have the same classes.
        """
        _check_same_classes(self.classes, other.classes)
        kept = tuple(photo for photo in self.photos if photo.split != split)
        added = tuple(replace(photo, split=split) for photo in other.photos)
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
                f"{path} is not a list of photos Thaw wrote ({error!r}): restore it from a copy."
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
            f'There is only one class, "{name}": a classifier tells classes apart, so add photos of at least one more.'
        )
    for name, count in classes.items():
        if count == 0:
            raise DataError(f'The class "{name}" has no photos: add at least two, or delete the class.')
        if count == 1:
            raise DataError(
                f'The class "{name}" has a single photo, but one is needed to learn from and another to check: add at '
                "least one more, or delete the class."
            )


def validation_shas(shas: Iterable[str], fraction: float, seed: int) -> set[str]:
    """Choose the validation photos of one class.

    The order is that of SHA-256("seed|sha"), which a photo has for itself whatever others there are; so adding one
    photo moves at most one other across.

    Args:
        shas: the class's photos, at least two unless `fraction` is 0.
        fraction: share for validation, in [0, 1).
        seed: another seed, another choice.

    Returns:
        round(n * fraction) of them, but at least 1 and at most n - 1; none if `fraction` is 0.
    """
    ordered = sorted(shas, key=lambda sha: hashlib.sha256(f"{seed}|{sha}".encode()).hexdigest())
    if fraction == 0:
        return set()
    count = int(len(ordered) * fraction + 0.5)
    return set(ordered[: min(max(count, 1), len(ordered) - 1)])


def _check_same_classes(ours: tuple[str, ...], theirs: tuple[str, ...]) -> None:
    missing, extra = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
    if missing or extra:
        differences = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has {', '.join(extra)} besides"] * bool(
            extra
        )
        raise DataError(
            f"The second set of photos must have the same classes ({', '.join(ours)}), but it {' and '.join(differences)}: "
            "name its folders alike."
        )
