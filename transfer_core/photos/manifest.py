"""Which photo teaches and which one checks: the seeded, stratified split of a store, as a file a run keeps."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from transfer_core.disk.files import read_json, write_json
from transfer_core.errors import ConfigError, DataError, StorageError
from transfer_core.photos.groups.sides import KINDS, Kind, chosen, units
from transfer_core.photos.sources.layout import SplitName
from transfer_core.photos.storage.queries import Photo
from transfer_core.text import all_of

__all__ = ["Manifest", "ManifestPhoto", "Moved", "SplitName", "check_trainable", "moved", "split_photos"]

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
    group: str | None = None
    """Names the photos it belongs together with: nearly the same ones, or of one burst; None where it stands alone."""

    @property
    def unit(self) -> str:
        """What photos have in common that must stay on one side of any split."""
        return self.group or self.sha256


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
        return self._crossing(lambda photo: photo.pixels or photo.sha256)

    @property
    def together(self) -> list[list[str]]:
        """Names of photos that belong together, one group after the other."""
        groups: dict[str, list[str]] = {}
        for photo in self.photos:
            if photo.group is not None:
                groups.setdefault(photo.group, []).append(photo.name)
        return list(groups.values())

    @property
    def near_leaks(self) -> list[list[str]]:
        """Names of photos that belong together and stand in more than one split, because their folders said so."""
        same = {tuple(names) for names in self.leaks}
        return [names for names in self._crossing(lambda photo: photo.unit) if tuple(names) not in same]

    def _crossing(self, key: Callable[[ManifestPhoto], str]) -> list[list[str]]:
        seen: dict[str, list[ManifestPhoto]] = {}
        for photo in self.photos:
            seen.setdefault(key(photo), []).append(photo)
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


def split_photos(
    classes: Iterable[str],
    photos: Iterable[Photo],
    validation_fraction: float,
    seed: int,
    kinds: Collection[Kind] = KINDS,
) -> Manifest:
    """Split photos, class by class, into training and validation; those whose folder named a split stay in it.

    Photos that belong together, because they have the same pixels, are nearly the same or of one burst, are on one
    side: a photo is no test of what was learned from its neighbour. Within a class without validation photos of its
    own, `groups.sides.chosen` says which validate. It depends on the photos, the fraction and the seed alone, and
    where no photos belong together one more moves at most one other across. A photo that stands under several classes
    is set aside.

    Args:
        classes: names in the order of their labels.
        photos: of these classes.
        validation_fraction: share of each class for validation, in [0, 1); 0 moves no photo to validation, which is
            what a test set needs before `Manifest.with_split`.
        seed: another seed, another split.
        kinds: what keeps photos together besides the same pixels.

    Raises:
        ConfigError: the fraction is out of range.
        DataError: there is nothing to train on, see `check_trainable`.
    """
    if not 0 <= validation_fraction < 1:
        raise ConfigError(
            "The share of photos for validation is {validation_fraction}: choose at least 0 and less than 1.",
            validation_fraction=validation_fraction,
        )
    listed = list(photos)
    by_class, set_aside = _by_class(classes, listed)
    if validation_fraction > 0:
        _check_splits(by_class)
    entries = []
    for label, members in enumerate(by_class.values()):
        group = {photo.id: unit[0].sha256 for unit in units(members, kinds)[0] if len(unit) > 1 for photo in unit}
        validates = set[str]()
        if not any(photo.split == "validation" for photo in members):
            learned = units([photo for photo in members if photo.split != "test"], kinds)[0]
            validates = chosen(learned, validation_fraction, seed)
        for photo in members:
            split = photo.split or "train"
            if split == "train" and photo.sha256 in validates:
                split = "validation"
            path, belongs = str(photo.path), group.get(photo.id)
            entries.append(ManifestPhoto(photo.sha256, path, photo.name, label, split, photo.pixels, belongs))
    return Manifest(tuple(by_class), tuple(entries), set_aside)


@dataclass(frozen=True)
class Moved:
    """What keeping photos together did to a split."""

    near: int
    """Photos that changed sides so that nearly the same ones are on one."""
    burst: int
    """Those that changed sides, after that, so that photos of one burst are on one."""
    groups: dict[Kind, int]
    """How many groups of each kind there are."""
    cut: tuple[str, ...]
    """Classes that are nearly one group, so that it had to be on both sides."""
    crossing: list[list[str]]
    """As `Manifest.near_leaks`: names of photos that belong together and whose folders put them into several splits."""


def moved(classes: Iterable[str], photos: Iterable[Photo], validation_fraction: float, seed: int) -> Moved:
    """Count what keeping photos together does; arguments and errors as of `split_photos`."""
    names, listed = list(classes), list(photos)
    splits = [split_photos(names, listed, validation_fraction, seed, kinds) for kinds in ((), KINDS[:1], KINDS)]
    sides = [{(photo.sha256, photo.label): photo.split for photo in split.photos} for split in splits]
    near, burst = (sum(before[photo] != after[photo] for photo in before) for before, after in pairwise(sides))
    by_class, _ = _by_class(names, listed)
    groups: dict[Kind, int] = {
        kind: sum(len(unit) > 1 for members in by_class.values() for unit in units(members, [kind])[0])
        - sum(len(unit) > 1 for members in by_class.values() for unit in units(members, [])[0])
        for kind in KINDS
    }
    cut = tuple(name for name, members in by_class.items() if units(members)[1])
    return Moved(near, burst, groups, cut, splits[-1].near_leaks)


def _by_class(classes: Iterable[str], photos: Sequence[Photo]) -> tuple[dict[str, list[Photo]], tuple[str, ...]]:
    """The photos of each class, and the names of those set aside because they stand under several."""
    labels: dict[str, set[str]] = {}
    for photo in photos:
        labels.setdefault(photo.identity, set()).add(photo.class_name)
    by_class: dict[str, list[Photo]] = {name: [] for name in classes}
    for photo in photos:
        if len(labels[photo.identity]) == 1:
            by_class[photo.class_name].append(photo)
    return by_class, tuple(photo.name for photo in photos if len(labels[photo.identity]) > 1)


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


def _check_same_classes(ours: tuple[str, ...], theirs: tuple[str, ...]) -> None:
    missing, extra = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
    if missing or extra:
        differs = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has {', '.join(extra)} besides"] * bool(extra)
        raise DataError(
            "The second set of photos must have the same classes ({ours}), but it {differs}: name its folders alike.",
            ours=ours,
            differs=all_of(differs),
        )
