"""Which photo teaches and which one checks, as a file that a run keeps."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

from transfer_core.disk.files import read_json, write_json
from transfer_core.errors import DataError, StorageError
from transfer_core.photos.sources.layout import SplitName
from transfer_core.text import Sentence, all_of

__all__ = ["Manifest", "ManifestPhoto", "SplitName"]

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
    series: str | None = None
    """Names what that group is a part of, where a group held nearly all of a class and had to be cut; else None."""

    @property
    def unit(self) -> str:
        """What photos have in common that must stay on one side of any split."""
        return self.group or self.sha256

    @property
    def kin(self) -> str:
        """What photos have in common that belong together, kept on one side or not."""
        return self.series or self.unit


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
        groups = self._grouped(lambda photo: photo.kin)
        return [[photo.name for photo in group] for group in groups if group[0].group is not None]

    @property
    def near_leaks(self) -> list[list[str]]:
        """Names of photos that belong together and stand in more than one split: because their folders said so, or
        because they are nearly all of a class."""
        same = {tuple(names) for names in self.leaks}
        return [names for names in self._crossing(lambda photo: photo.kin) if tuple(names) not in same]

    def leaked(self, split: SplitName) -> int:
        """How many photos of a split belong together with photos to learn from, or show the same."""
        learned = {key for photo in self.of("train") for key in (photo.pixels or photo.sha256, photo.kin)}
        return sum(not learned.isdisjoint((photo.pixels or photo.sha256, photo.kin)) for photo in self.of(split))

    def _crossing(self, key: Callable[[ManifestPhoto], str]) -> list[list[str]]:
        groups = (group for group in self._grouped(key) if len({photo.split for photo in group}) > 1)
        return [[photo.name for photo in group] for group in groups]

    def _grouped(self, key: Callable[[ManifestPhoto], str]) -> list[list[ManifestPhoto]]:
        groups: dict[str, list[ManifestPhoto]] = {}
        for photo in self.photos:
            groups.setdefault(key(photo), []).append(photo)
        return list(groups.values())

    def with_split(self, other: "Manifest", split: SplitName, near: Mapping[str, str] | None = None) -> "Manifest":
        """Take this manifest's photos, less those of `split`, and those of `other` as `split`.

        Of a set that has splits of its own, its photos of `split`; of another, every photo.

        Args:
            other: with the same classes.
            split: what its photos are for.
            near: SHA-256 of photos of `other` that are nearly the same as one of this manifest, and that of it.

        Raises:
            DataError: the two do not have the same classes.
        """
        _check_same_classes(self.classes, other.classes)
        kept = tuple(photo for photo in self.photos if photo.split != split)
        near = near or {}
        ours = set(near.values())
        kin = {photo.sha256: photo.kin for photo in kept if photo.sha256 in ours}
        kept = tuple(replace(photo, group=photo.group or kin.get(photo.sha256)) for photo in kept)
        added = tuple(
            replace(photo, split=split, group=kin.get(near.get(photo.sha256, ""), photo.group))
            for photo in other.of(split) or other.photos
        )
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
        if not path.is_file():
            raise StorageError(
                "Nothing is known of the photos that this classifier learned from, as of any that was opened from a "
                "file: it can be asked about photos, and no more. ({path} is missing.)",
                path=path,
            )
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


def _check_same_classes(ours: tuple[str, ...], theirs: tuple[str, ...]) -> None:
    missing, extra = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
    if missing or extra:
        lacking = [Sentence("lacks {names}", names=missing)] * bool(missing)
        differs = lacking + [Sentence("has {names} besides", names=extra)] * bool(extra)
        raise DataError(
            "The second set of photos must have the same classes ({ours}), but it {differs}: name its folders alike.",
            ours=ours,
            differs=all_of(differs),
        )
