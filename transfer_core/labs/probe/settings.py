"""The depth probe: what it is asked, how photos are dealt into folds, and one depth as its result holds it."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from transfer_core.backbones.cost import look_seconds
from transfer_core.backbones.tree import LayerTree
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError, DataError
from transfer_core.labs.folds import ordered
from transfer_core.labs.options import option
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.checks import is_whole
from transfer_core.stats.paired import PairedComparison
from transfer_core.text import Sentence, plural

__all__ = [
    "LEAST_FOLDS",
    "MOST_FOLDS",
    "Depth",
    "Settings",
    "check_photos",
    "compare",
    "expected_seconds",
    "fit_seconds",
    "fitted",
    "probed",
    "stage_seconds",
    "thin_out",
]

LEAST_FOLDS, MOST_FOLDS = 3, 20
_DEPTH_SECONDS, _FIT_SECONDS = 0.03, 7e-6  # a depth, and for each photo and axis in it; 5 folds, one processor


@dataclass(frozen=True)
class Settings:
    """What a probe is asked to do."""

    folds: int = option("--folds", 5, "Parts for cross-validation.")
    """Parts the photos are dealt into; each is answered by a classifier trained on the others."""
    penalties: tuple[float, ...] = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
    """Strengths of the regularisation to choose from, see `linear_probe.fit_linear`."""
    photos: int = option("--photos", 2000, "Look at no more than so many.")
    """At most so many are looked at, of each class its share."""

    def __post_init__(self) -> None:
        if not is_whole(self.folds) or not LEAST_FOLDS <= self.folds <= MOST_FOLDS:
            raise ConfigError(
                "The number of folds must be a whole number from {least_folds} to {most_folds}; {folds!r} came. "
                "Five is usual.",
                least_folds=LEAST_FOLDS,
                most_folds=MOST_FOLDS,
                folds=self.folds,
            )
        if not is_whole(self.photos) or self.photos < 1:
            raise ConfigError(
                "The number of photos to look at must be a whole number above 0; {photos!r} came.", photos=self.photos
            )
        fit = isinstance(self.penalties, tuple) and self.penalties
        if not fit or not all(isinstance(one, float | int) and 1e-8 <= one <= 1e4 for one in self.penalties):
            raise ConfigError(
                "The penalties must be numbers from 1e-8 to 10,000, at least one; {penalties} came.",
                penalties=self.penalties,
            )


@dataclass(frozen=True)
class Depth:
    """How well a linear classifier tells the classes apart from what leaves one block."""

    block: str
    stage: str
    accuracy: float
    """Share of all photos answered rightly by a classifier that had not seen them."""
    interval: tuple[float, float]
    """95 % Wilson interval of that share with the photo as the unit. The answers of one fold come from one classifier
    and the classifiers share photos, which the interval can't know: there is no unbiased estimate of the variance of
    cross-validation (Bengio and Grandvalet 2004, JMLR 5), and the true spread tends to be a little larger."""
    correct: int
    photos: int
    p_value: float
    """Of the difference from the depth with the most right answers: McNemar's exact test on the same photos. As that
    depth was chosen for being the highest, it errs towards finding a difference."""
    recall: dict[str, float]
    """Share of each class's photos answered rightly."""
    penalties: tuple[float, ...]
    """Chosen for each fold."""
    channels: int
    """Numbers the classifier sees of a photo."""
    parameters: int
    """Of the base up to and with this block."""
    parameters_after: int
    """Of the base after it."""
    work: float
    """Share of the base's operations done up to and with this block, 0..1."""

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "Depth":
        """Inverse of `to_dict`."""
        return cls(**{**value, "interval": tuple(value["interval"]), "penalties": tuple(value["penalties"])})


def probed(manifest: Manifest) -> tuple[ManifestPhoto, ...]:
    """The photos a probe looks at: each once, those kept for the final test left out."""
    seen = {photo.sha256: photo for photo in reversed(manifest.photos) if photo.split != "test"}
    return tuple(photo for photo in manifest.photos if seen.get(photo.sha256) is photo)


def check_photos(manifest: Manifest, folds: int) -> None:
    """Refuse classes with fewer photos than folds.

    Raises:
        DataError: says which class lacks how many.
    """
    counts = dict.fromkeys(manifest.classes, 0)
    for photo in probed(manifest):
        counts[manifest.classes[photo.label]] += 1
    if len(counts) < 2:
        raise DataError(
            "A probe tells classes apart and there are {count}: add photos of at least two classes.", count=len(counts)
        )
    name, fewest = min(counts.items(), key=lambda item: item[1])
    if fewest >= folds:
        return
    short = sum(count < folds for count in counts.values())
    missing = folds - fewest
    remedy = (
        Sentence("add at least {missing} more, or choose {fewest} folds", missing=missing, fewest=fewest)
        if fewest >= LEAST_FOLDS
        else Sentence("add at least {missing} more", missing=missing)
    )
    values = {"folds": folds, "name": name, "fewest": fewest, "remedy": remedy}
    if short == 1:
        raise DataError(
            'The probe needs at least {folds} photos of each class, but "{name}" has {fewest}: {remedy}.',
            **values,
        )
    raise DataError(
        plural(
            'The probe needs at least {folds} photos of each class, but "{name}" has {fewest}, and {n} '
            "more class has too few: {remedy}.",
            'The probe needs at least {folds} photos of each class, but "{name}" has {fewest}, and {n} '
            "more classes have too few: {remedy}.",
            short - 1,
            **values,
        )
    )


def fitted(settings: Settings, manifest: Manifest) -> Settings:
    """As they are, where the photos are enough; see `labs.experiment.fitted`."""
    check_photos(manifest, settings.folds)
    return settings


def thin_out(manifest: Manifest, most: int, least: int, seed: int) -> Manifest:
    """About `most` photos where there are more: of each class and split its share, but `least` where it has them."""
    groups: dict[tuple[int, str], list[ManifestPhoto]] = {}
    photos = probed(manifest)
    if len(photos) <= most:
        return manifest
    for photo in photos:
        groups.setdefault((photo.label, photo.split), []).append(photo)
    share = most / len(photos)
    kept = {
        sha for group in groups.values() for sha in ordered(group, seed)[: max(least, int(len(group) * share + 0.5))]
    }
    return replace(manifest, photos=tuple(photo for photo in photos if photo.sha256 in kept))


def compare(right: Mapping[str, Collection[bool]]) -> dict[str, float]:
    """McNemar's p-value of each depth against the one with the most right answers (the first of several).

    Args:
        right: for each depth, in order, whether each photo was answered rightly; at least one.
    """
    highest = max(right.values(), key=sum)  # the first of equals
    return {name: PairedComparison.of(highest, mine).p_value for name, mine in right.items()}


def expected_seconds(workspace: Workspace, tree: LayerTree, settings: Settings | None, manifest: Manifest) -> float:
    """How long a probe will take here; see `labs.experiment.expected_seconds`."""
    most = (settings or Settings()).photos
    return sum(stage_seconds(workspace, tree, min(len(probed(manifest)), most)).values())


def stage_seconds(workspace: Workspace, tree: LayerTree, photos: int) -> dict[str, float]:
    """How long each part of a probe of so many photos will take here, in order."""
    fits = sum(fit_seconds(photos, block.shape[-1]) for block in tree.blocks)
    return look_seconds(workspace, tree, photos) | {"fits": fits}


def fit_seconds(photos: int, channels: int) -> float:
    """How long the classifiers of one depth will take."""
    return _DEPTH_SECONDS + _FIT_SECONDS * photos * min(0.7 * photos, channels)
