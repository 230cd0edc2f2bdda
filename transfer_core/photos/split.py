"""The seeded, stratified split of photos into those to learn from, to check on, and to test on at the end."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from transfer_core.errors import ConfigError, DataError
from transfer_core.photos.groups.sides import KINDS, Kind, chosen, units
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.photos.sources.layout import SplitName
from transfer_core.photos.storage.queries import Photo

__all__ = ["Moved", "check_trainable", "moved", "split_photos", "usual_test_fraction"]

_TEST, _TEST_PHOTOS, _TEST_PHOTOS_OF_EACH = 0.15, 60, 5


def usual_test_fraction(photos: Iterable[Photo]) -> float:
    """The share of the photos that is kept for a test unless a person says otherwise: 15 %, where that gives a figure
    that means something, else none. Out of fold, every one of few photos says how good a classifier is.

    Args:
        photos: all there are. Where folders named splits, none is kept besides.
    """
    listed = list(photos)
    classes = Counter(photo.class_name for photo in listed)
    enough = len(listed) * _TEST >= _TEST_PHOTOS and min(classes.values()) * _TEST >= _TEST_PHOTOS_OF_EACH
    return _TEST if enough and not any(photo.split for photo in listed) else 0.0


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
    test_fraction: float = 0.0,
) -> Manifest:
    """Split photos, class by class, into training and validation; those whose folder named a split stay in it.

    Photos that belong together, because they have the same pixels, are nearly the same or of one burst, are on one
    side: a photo is no test of what was learned from its neighbour. Within a class without validation photos of its
    own, `groups.sides.chosen` says which validate. It depends on the photos, the fractions and the seed alone, and
    where no photos belong together and none are kept for a test, one more moves at most one other across. A photo that
    stands under several classes is set aside.

    Args:
        classes: names in the order of their labels.
        photos: of these classes.
        validation_fraction: share of each class for validation, in [0, 1); 0 moves no photo to validation, which is
            what a test set needs before `Manifest.with_split`.
        seed: another seed, another split.
        kinds: what keeps photos together besides the same pixels.
        test_fraction: share of each class kept for a test at the end, in [0, 1), before the rest is split; of a class
            that is too small for three sides, none. Where folders named splits, those are all the test there is.

    Raises:
        ConfigError: the fraction is out of range.
        DataError: there is nothing to train on, see `check_trainable`.
    """
    if not 0 <= validation_fraction < 1:
        raise ConfigError(
            "The share of photos for validation is {validation_fraction}: choose at least 0 and less than 1.",
            validation_fraction=validation_fraction,
        )
    if not 0 <= test_fraction < 1:
        raise ConfigError(
            "The share of photos for a test is {test_fraction}: choose at least 0 and less than 1.",
            test_fraction=test_fraction,
        )
    listed = list(photos)
    by_class, set_aside = _by_class(classes, listed)
    if any(photo.split for photo in listed):
        test_fraction = 0.0
    if validation_fraction > 0:
        _check_splits(by_class)
    entries = []
    for label, members in enumerate(by_class.values()):
        whole, cut = units(members, kinds)
        group = {photo.id: unit[0].sha256 for unit in whole if len(unit) > 1 or unit[0] in cut for photo in unit}
        series = {photo.id: cut[0].sha256 for photo in cut}
        tests, validates = set[str](), set[str]()
        if not any(photo.split == "validation" for photo in members):
            found = units([photo for photo in members if photo.split != "test"], kinds)[0]
            tests = chosen(found, test_fraction, f"test|{seed}", keep=2)
            validates = chosen([unit for unit in found if unit[0].sha256 not in tests], validation_fraction, seed)
        sides: dict[str, SplitName] = {}
        for sha in validates:
            sides[sha] = "validation"
        for sha in tests:
            sides[sha] = "test"
        for photo in members:
            split: SplitName = photo.split or "train"
            if split == "train":
                split = sides.get(photo.sha256, split)
            belongs = (group.get(photo.id), series.get(photo.id))
            entries.append(
                ManifestPhoto(photo.sha256, str(photo.path), photo.name, label, split, photo.pixels, *belongs)
            )
    return Manifest(tuple(by_class), tuple(entries), set_aside)


@dataclass(frozen=True)
class Moved:
    """What keeping photos together did to a split."""

    near: int
    """Photos that changed sides so that nearly the same ones are on one."""
    burst: int
    """Those that changed sides, after that, so that photos of one burst are on one."""
    groups: dict[Kind, int]
    """How many groups of each kind are on one side."""
    cut: tuple[str, ...]
    """Classes that are nearly one group, so that it had to be on both sides."""
    crossing: list[list[str]]
    """As `Manifest.near_leaks`: names of photos that belong together and whose folders put them into several splits."""


def moved(
    classes: Iterable[str], photos: Iterable[Photo], validation_fraction: float, seed: int, test_fraction: float = 0.0
) -> Moved:
    """Count what keeping photos together does; arguments and errors as of `split_photos`."""
    names, listed = list(classes), list(photos)
    by_class, _ = _by_class(names, listed)
    if not any(photo.near or photo.burst for photo in listed):
        return Moved(0, 0, {"near": 0, "burst": 0}, (), [])
    splits = [
        split_photos(names, listed, validation_fraction, seed, kinds, test_fraction) for kinds in ((), KINDS[:1], KINDS)
    ]
    sides = [{(photo.sha256, photo.label): photo.split for photo in split.photos} for split in splits]
    near, burst = (sum(before[photo] != after[photo] for photo in before) for before, after in pairwise(sides))
    whole = splits[-1]
    series = {photo.name for photo in whole.photos if photo.series}
    crossing = [names for names in whole.near_leaks if not series.intersection(names)]
    apart = series.union(*crossing)
    kept = [photo for members in by_class.values() for photo in members if photo.name not in apart]
    cut = tuple(name for name, members in by_class.items() if units(members)[1])
    return Moved(near, burst, {"near": _groups(kept, "near"), "burst": _groups(kept, "burst")}, cut, crossing)


def _groups(photos: Sequence[Photo], kind: Kind) -> int:
    """How many groups of a kind hold two pictures or more of one class."""
    pictures: dict[tuple[str, str], set[str]] = {}
    for photo in photos:
        if (name := photo.near if kind == "near" else photo.burst) is not None:
            pictures.setdefault((photo.class_name, name), set()).add(photo.identity)
    return sum(len(found) > 1 for found in pictures.values())


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
