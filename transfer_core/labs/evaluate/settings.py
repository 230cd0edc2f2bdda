"""Which run is evaluated, on which photos, and how they are dealt where every photo shall be answered."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from transfer_core.backbones.cost import Augmented, estimate, look_seconds
from transfer_core.backbones.tree import LayerTree
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError, DataError
from transfer_core.labs.experiment import trained_run
from transfer_core.labs.folds import parts
from transfer_core.labs.options import argument, option
from transfer_core.photos.manifest import Manifest, ManifestPhoto, SplitName
from transfer_core.runs.config import RunConfig
from transfer_core.runs.folder import Run
from transfer_core.text import Sentence

__all__ = [
    "LEAST_PHOTOS",
    "NEEDS_WEIGHTS",
    "TAKES_TEST_PHOTOS",
    "Material",
    "On",
    "Settings",
    "check",
    "deal",
    "expected_seconds",
    "folds_of",
    "material",
    "possible",
    "stage_seconds",
    "too_few",
    "usual",
]

NEEDS_WEIGHTS = False
"""The run says which base it has."""
TAKES_TEST_PHOTOS = True
"""Photos that are given, as `DataConfig.test`, take the place of the run's own."""

On = Literal["test", "validation", "folds"]
_PARTS = 10
LEAST_PHOTOS = 4
"""Of a class, to be answered out of fold: with fewer, a fold may leave none of it to learn from."""
_HEAD_EPOCHS = 30.0  # of a new head before it stops early, about
_FOLD_SECONDS = 0.2  # besides its epochs


@dataclass(frozen=True)
class Settings:
    """Which run, and on which of its photos."""

    run: str = argument("RUN")
    """Its folder, as `Run.path`."""
    on: str = option(
        "--on",
        "",
        "The run's own photos: `test`, `validation`, or `folds`: every photo, each answered by a classifier trained "
        "without it. Not given: `test` where there are test photos, else `folds` where only a head was trained, else "
        "`validation`.",
        choices=get_args(On),
    )

    def __post_init__(self) -> None:
        if not isinstance(self.run, str) or not self.run:
            raise ConfigError("The run must be the folder of a training run; {run!r} came.", run=self.run)
        if self.on not in ("", *get_args(On)):
            raise ConfigError(
                "A run is evaluated on one of {choices}; {on!r} came.", choices=list(get_args(On)), on=self.on
            )


@dataclass(frozen=True)
class Material:
    """What is evaluated on what."""

    run: Run
    on: On
    """`test` also of photos that were given."""
    classes: tuple[str, ...]
    photos: tuple[ManifestPhoto, ...]
    """One entry a picture; `label` counts in `classes`. For `folds` each has its split in the run."""
    learned: int = 0
    """Photos that were given but do not count, because the run learned from them or chose its epoch by them."""
    unknown: tuple[str, ...] = ()
    """Classes that were given and the run does not know; their photos do not count."""


def possible(manifest: Manifest) -> list[On]:
    """On which of its own photos a run can be evaluated, the most honest first."""
    found: list[On] = []
    if manifest.of("test"):
        found.append("test")
    if too_few(manifest) is None:
        found.append("folds")
    return [*found, "validation"]


def usual(manifest: Manifest, config: RunConfig) -> On:
    """What is chosen unless a person says otherwise: the most honest that takes no long training."""
    return next(on for on in possible(manifest) if on != "folds" or not config.fine_tunes)


def material(settings: Settings, given: Manifest | None = None) -> Material:
    """Open the run and find the photos.

    Args:
        settings: which run, on what.
        given: photos to take in place of the run's own.

    Raises:
        RunError: the folder holds no training run, or none with a model.
        DataError: there are no such photos, or too few.
        ConfigError: photos were given, and the run's own asked for.
    """
    run = trained_run(settings.run)
    manifest = run.manifest()
    if given is not None and settings.on:
        raise ConfigError(
            "Photos were given, and the run's own ones ({on}) were asked for. Choose one of the two.", on=settings.on
        )
    if given is not None:
        return _given(run, manifest, given)
    on: On = next((one for one in get_args(On) if one == settings.on), usual(manifest, run.config()))
    if on == "folds":
        if (few := too_few(manifest)) is not None:
            raise DataError(few)
        return Material(run, on, manifest.classes, _distinct(manifest.photos))
    photos = _distinct(manifest.of(on))
    if not photos:
        raise DataError("The run {run} has no test photos. Evaluate it on its validation photos.", run=run.id)
    return Material(run, on, manifest.classes, photos)


def check(settings: Settings) -> None:
    """Refuse what can't be evaluated; raises as `material`, whose photos of its own are looked at later."""
    if settings.on:
        material(settings)
    else:
        trained_run(settings.run)


def _given(run: Run, manifest: Manifest, given: Manifest) -> Material:
    # Runs of earlier versions don't know the pixels of their photos.
    used = (*manifest.of("train"), *manifest.of("validation"))
    learned = {name for photo in used for name in (photo.sha256, photo.pixels) if name}
    labels = {name: label for label, name in enumerate(manifest.classes)}
    unknown = tuple(name for name in given.classes if name not in labels)
    known = [
        replace(photo, label=labels[given.classes[photo.label]])
        for photo in _distinct(given.photos)
        if given.classes[photo.label] in labels
    ]
    photos = tuple(photo for photo in known if not learned & {photo.sha256, photo.pixels})
    if not known:
        raise DataError(
            "None of the classes {given} is one of the run's: it knows {classes}. Name the class folders as those.",
            given=list(given.classes),
            classes=list(manifest.classes),
        )
    if not photos:
        raise DataError(
            "The run has learned from these photos, or chosen its best epoch by them, so they say nothing new. Give "
            "others, or evaluate it on its own photos."
        )
    return Material(run, "test", manifest.classes, photos, len(known) - len(photos), unknown)


def too_few(manifest: Manifest) -> Sentence | None:
    """Why its photos can't be answered out of fold; None where they can."""
    photos = _distinct(manifest.photos)
    for label, name in enumerate(manifest.classes):
        count = sum(photo.label == label for photo in photos)
        if count < LEAST_PHOTOS:
            return Sentence(
                'To answer every photo, at least {least} of each class are needed; "{name}" has {count}. Add photos, '
                "or evaluate on the validation photos.",
                least=LEAST_PHOTOS,
                name=name,
                count=count,
            )
    return None


def _picture(photo: ManifestPhoto) -> str:
    """The same for the same pixels in other bytes."""
    return photo.pixels or photo.sha256


def _distinct(photos: Sequence[ManifestPhoto]) -> tuple[ManifestPhoto, ...]:
    return tuple({_picture(photo): photo for photo in reversed(photos)}.values())[::-1]


def folds_of(config: RunConfig) -> int:
    """How many classifiers answer out of fold: a head is trained in a second, so those learn from more photos."""
    return _PARTS // 2 if config.fine_tunes else _PARTS


def deal(photos: Sequence[ManifestPhoto], classes: tuple[str, ...], folds: int, seed: int) -> list[Manifest]:
    """Deal photos out so that each is held out once: a manifest a fold, its `test` photos those that are held out.

    Each class is dealt into ten parts by its photos' content and the seed, see `labs.folds.parts`. A fold holds out one
    part, or two where there are five folds; the next one chooses the epoch and the temperature, and the rest is learned
    from. Of fewer than ten photos some parts are empty, and there are fewer folds.

    Args:
        photos: distinct ones, at least `LEAST_PHOTOS` of each class.
        classes: names, by label.
        folds: 5 or 10.
        seed: another seed, another deal.
    """
    part = parts(photos, _PARTS, f"evaluate|{seed}")
    used, width = sorted(set(part.values())), _PARTS // folds
    dealt = []
    for first in range(0, _PARTS, width):
        held = range(first, first + width)
        if not any(one in held for one in used):
            continue  # fewer than ten photos
        after = next((one for one in used if one >= held.stop), used[0])
        dealt.append(
            Manifest(classes, tuple(replace(photo, split=_split(part[photo.sha256], held, after)) for photo in photos))
        )
    return dealt


def _split(part: int, held: range, checks: int) -> SplitName:
    return "test" if part in held else "validation" if part == checks else "train"


def stage_seconds(
    workspace: Workspace, tree: LayerTree, config: RunConfig, on: On, classes: int, photos: int
) -> dict[str, float]:
    """How long each part takes here if nothing is cached: `photos`, `start`, `features`, and `folds` in all."""
    seconds = look_seconds(workspace, tree, photos)
    if on != "folds":
        return seconds
    folds = folds_of(config)
    learned, checked = round(photos * (1 - 1 / folds - 1 / _PARTS)), round(photos / _PARTS)
    augmented = Augmented(config.fit.augment, config.augmentation.variants)
    costs = estimate(workspace, tree, config.plan, classes, learned, checked, augmented)
    fold = _FOLD_SECONDS + costs.head_seconds_per_epoch * min(config.head.epochs, _HEAD_EPOCHS)
    if config.fine_tunes:
        fold += costs.seconds_per_epoch * config.fine_tune.epochs
    if config.fit.augment == "cached":
        fold += costs.features_seconds  # each fold has other variants
    return seconds | {"folds": folds * fold}


def expected_seconds(workspace: Workspace, tree: LayerTree, settings: Settings | None, manifest: Manifest) -> float:
    """How long evaluating takes here; see `labs.experiment.expected_seconds`. Without settings: a head, out of fold."""
    config = RunConfig()
    on: On = "folds"
    if settings is not None:
        found = material(settings)
        config, on = found.run.config(), found.on
    photos = len(manifest.photos if on == "folds" else manifest.of(on))
    return math.fsum(stage_seconds(workspace, tree, config, on, len(manifest.classes), photos).values())
