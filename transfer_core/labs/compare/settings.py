"""Which two runs are compared, and the photos that count: new to both, and alike in what they show."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transfer_core.backbones.cost import look_seconds
from transfer_core.backbones.tree import LayerTree
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError, DataError
from transfer_core.labs.experiment import trained_run
from transfer_core.labs.options import argument
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.folder import Run
from transfer_core.stats.paired import LEAST_CHANGED
from transfer_core.text import Sentence, all_of, plural

__all__ = [
    "LEAST_PHOTOS",
    "Material",
    "Settings",
    "check",
    "expected_seconds",
    "material",
    "require_enough",
    "shared_photos",
]

LEAST_PHOTOS = LEAST_CHANGED
"""With fewer photos the exact test can't tell a difference from chance, even if every photo points the same way."""


@dataclass(frozen=True)
class Settings:
    """Which two runs; folders, as `Run.path`."""

    first: str = argument("FIRST")
    second: str = argument("SECOND")

    def __post_init__(self) -> None:
        for which, folder in ((Sentence("first"), self.first), (Sentence("second"), self.second)):
            if not isinstance(folder, str) or not folder:
                raise ConfigError(
                    "The {which} run must be the folder of a training run; {folder!r} came.", which=which, folder=folder
                )
        if Path(self.first).absolute() == Path(self.second).absolute():
            raise ConfigError("The two runs are one and the same. Choose two different ones.")


@dataclass(frozen=True)
class Material:
    """What two runs can be compared on."""

    first: Run
    second: Run
    classes: tuple[str, ...]
    photos: tuple[ManifestPhoto, ...]
    """Photos both were checked on and neither learned from; `label` counts in `classes`."""
    relabeled: int
    """Photos of that kind that do not count, because the two runs say different things of what they show."""


def material(settings: Settings) -> Material:
    """Open the two runs and find the photos to compare them on.

    Raises:
        RunError: a folder holds no training run, or none with a model.
        DataError: the runs tell different classes apart, or too few photos are new to both.
    """
    first, second = trained_run(settings.first), trained_run(settings.second)
    ours, theirs = first.manifest(), second.manifest()
    _check_same_classes(ours.classes, theirs.classes)
    photos, relabeled = shared_photos(ours, theirs)
    require_enough(len(photos))
    return Material(first, second, ours.classes, photos, relabeled)


def check(settings: Settings) -> None:
    """Refuse what can't be compared; raises as `material`."""
    material(settings)


def expected_seconds(workspace: Workspace, tree: LayerTree, settings: Settings | None, manifest: Manifest) -> float:
    """How long comparing two runs on such a base will take here; see `labs.experiment.expected_seconds`."""
    photos = len(manifest.of("validation")) + len(manifest.of("test"))
    return 2 * sum(look_seconds(workspace, tree, photos).values())


def _check_same_classes(ours: Sequence[str], theirs: Sequence[str]) -> None:
    first, second = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
    only = [Sentence("only the first knows {classes}", classes=first)] if first else []
    only += [Sentence("only the second knows {classes}", classes=second)] if second else []
    if only:
        raise DataError(
            "The two runs tell different classes apart: {only}. Choose two with the same.", only=all_of(only)
        )


def shared_photos(ours: Manifest, theirs: Manifest) -> tuple[tuple[ManifestPhoto, ...], int]:
    """The photos, by their bytes, that both manifests check on and neither trains on; one entry a photo.

    Returns:
        The photos as in `ours`, in its order, and how many were left out because their labels differ.
    """
    learned = {photo.sha256 for manifest in (ours, theirs) for photo in manifest.of("train")}
    known = {photo.sha256: theirs.classes[photo.label] for photo in theirs.photos}
    both = {
        photo.sha256: photo for photo in ours.photos if photo.sha256 in known and photo.sha256 not in learned
    }.values()
    same = tuple(photo for photo in both if known[photo.sha256] == ours.classes[photo.label])
    return same, len(both) - len(same)


def require_enough(photos: int) -> None:
    """Refuse a comparison that could find nothing.

    Raises:
        DataError: there are fewer than `LEAST_PHOTOS`.
    """
    if photos < LEAST_PHOTOS:
        few = {
            0: Sentence("No photo is new to both runs, and at least {least} are needed.", least=LEAST_PHOTOS),
        }.get(
            photos,
            plural(
                "Only {n} photo is new to both runs, and at least {least} are needed.",
                "Only {n} photos are new to both runs, and at least {least} are needed.",
                photos,
                least=LEAST_PHOTOS,
            ),
        )
        raise DataError(
            "{few} With fewer even the clearest difference could be chance. Photos count that both runs were checked "
            "on and neither learned from. Train both with the same photos and the same shuffle number (seed), or "
            "give both the same test photos.",
            few=few,
        )
