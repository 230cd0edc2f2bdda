"""Frozen or not: what the sanity check is asked, which photos it takes, and what follows from what it measured."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from transfer_core.backbones.cost import look_seconds
from transfer_core.backbones.tree import LayerTree
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError, DataError
from transfer_core.labs.options import option
from transfer_core.labs.sanity.mistakes import MISTAKES, get_mistake
from transfer_core.photos.manifest import Manifest, ManifestPhoto, SplitName
from transfer_core.runs.checks import check_choice, check_number, is_number
from transfer_core.runs.config import FitConfig, Optimizer, PhaseConfig
from transfer_core.stats.intervals import wilson
from transfer_core.stats.paired import PairedComparison
from transfer_core.text import Sentence

__all__ = [
    "CURVES",
    "TOLERANCE",
    "Settings",
    "choose_photos",
    "compared",
    "expected_seconds",
    "fitted",
    "largest",
    "needed",
    "passes",
]

TOLERANCE = 1e-5
"""Largest difference in a loss or a logit that rounding explains: float32 sums taken in another order."""
CURVES = ("loss", "accuracy", "val_loss", "val_accuracy")
"""What every training tells after each epoch."""
_STEP_SECONDS = 1.6e-4  # a layer and step
_TRACING_SECONDS = 0.015  # a layer and training
_TRAINING = 1.2  # times as long as the converted base takes for a photo
_SPLITS: tuple[SplitName, ...] = ("train", "validation")


@dataclass(frozen=True)
class Settings:
    """What to compare, and on how much."""

    mistakes: tuple[str, ...] = option(
        "--mistake",
        tuple(mistake.name for mistake in MISTAKES),
        "Try this one only; may be given again. " + ", ".join(mistake.name for mistake in MISTAKES) + ".",
        many=True,
    )
    """Names of `MISTAKES`."""
    photos: int = option("--photos", 24, "Photos to learn from.")
    """To learn from, as evenly over the classes as there are."""
    validation: int = option("--validation-photos", 12, "Photos to check on.")
    """To check on."""
    epochs: int = option("--epochs", 30, "Passes over the photos.")
    batch_size: int = option("--batch-size", 1, "Photos a step.")
    optimizer: Optimizer = option("--optimizer", "rmsprop", "rmsprop, adam or sgd.")
    learning_rate: float = option("--learning-rate", 1e-3, "Size of the steps.")
    dropout: float = option("--dropout", 0.8, "Rate of the mistake `dropout`.")
    """Share of the features that the mistake `dropout` throws away."""

    def __post_init__(self) -> None:
        for name in self.mistakes:
            get_mistake(name)
        check_choice(Sentence("The optimizer"), self.optimizer, get_args(Optimizer))
        for what, value, most in (
            (Sentence("The number of photos to learn from"), self.photos, 10_000),
            (Sentence("The number of photos to check on"), self.validation, 10_000),
            (Sentence("The number of epochs"), self.epochs, 1000),
            (Sentence("The batch size"), self.batch_size, 256),
        ):
            check_number(what, value, 1, most, whole=True)
        if not is_number(self.dropout) or not 0 < self.dropout <= 0.95:
            raise ConfigError(
                "Dropout must be above 0, or it would be no mistake, and at most 0.95; {dropout!r} came.",
                dropout=self.dropout,
            )
        self.phase  # noqa: B018 - checks the rate

    @property
    def phase(self) -> PhaseConfig:
        """Epochs and rate as a training takes them."""
        return PhaseConfig(self.epochs, self.learning_rate)

    @property
    def fit(self) -> FitConfig:
        """How every training fits: nothing but the batch and the optimizer, so that there is one thing to compare."""
        return FitConfig(
            optimizer=self.optimizer, batch_size=self.batch_size, dropout=0.0, patience=0, class_weights=False
        )


def needed(manifest: Manifest, settings: Settings) -> Sentence | None:
    """What is missing before `choose_photos` can choose, in one sentence; None: nothing."""
    counts = manifest.counts()
    for split in _SPLITS:
        asked = settings.photos if split == "train" else settings.validation
        have, classes = counts[split], len(manifest.classes)
        total = sum(have.values())
        photos = Sentence("{n} photos to learn from" if split == "train" else "{n} photos to check on", n=asked)
        if asked < classes:
            return Sentence(
                "{photos} are too few for {classes} classes: at least {classes} are needed, one of each class.",
                photos=photos,
                classes=classes,
            )
        if total < asked:
            return Sentence(
                "{photos} are needed, and there are {total}. Add {missing}, or ask for {total} or fewer.",
                photos=photos,
                total=total,
                missing=asked - total,
            )
        if empty := [name for name, count in have.items() if not count]:
            return Sentence(
                'The class "{name}" has no photo to learn from. Add photos of it.'
                if split == "train"
                else 'The class "{name}" has no photo to check on. Add photos of it.',
                name=empty[0],
            )
    return None


def passes(settings: Settings) -> int:
    """How often a photo goes through the base: in every epoch of every training end to end."""
    return (1 + len(settings.mistakes)) * settings.epochs * (settings.photos + settings.validation)


def expected_seconds(workspace: Workspace, tree: LayerTree, settings: Settings | None, manifest: Manifest) -> float:
    """How long the check will take here; see `labs.experiment.expected_seconds`.

    Each step takes its time layer by layer besides the arithmetic, and each training is traced once. Measured with
    EfficientNet-Lite0, ResNet50 and VGG16: 1.2, 0.85 and 1.2 times what a training took.
    """
    settings = settings or _clamped(Settings(), manifest)
    photos, layers = passes(settings), len(tree.layers)
    look = look_seconds(workspace, tree, photos)
    steps = photos / settings.batch_size * layers * _STEP_SECONDS
    tracing = (1 + len(settings.mistakes)) * layers * _TRACING_SECONDS
    return look["start"] + _TRAINING * look["features"] + steps + tracing


def fitted(settings: Settings, manifest: Manifest) -> Settings:
    """With no more photos than there are; see `labs.experiment.fitted`."""
    settings = _clamped(settings, manifest)
    if missing := needed(manifest, settings):
        raise DataError(missing)
    return settings


def _clamped(settings: Settings, manifest: Manifest) -> Settings:
    have = {split: len(manifest.of(split)) for split in _SPLITS}
    return replace(
        settings,
        photos=max(1, min(settings.photos, have["train"])),
        validation=max(1, min(settings.validation, have["validation"])),
    )


def choose_photos(manifest: Manifest, settings: Settings, seed: int) -> Manifest:
    """As many photos of each split as the settings ask for, as evenly over the classes as there are.

    Within a class a hash of seed and photo decides, as in `manifest.split_photos`: the same photos, the same choice.

    Raises:
        DataError: there are too few; the sentence says how many are needed.
    """
    if missing := needed(manifest, settings):
        raise DataError(missing)
    chosen: list[ManifestPhoto] = []
    for split in _SPLITS:
        members: list[list[ManifestPhoto]] = [[] for _ in manifest.classes]
        for photo in sorted(manifest.of(split), key=lambda photo: _rank(photo, seed)):
            members[photo.label].append(photo)
        left = settings.photos if split == "train" else settings.validation
        while left:  # a photo of each class in turn
            for photos in members:
                if photos and left:
                    chosen.append(photos.pop(0))
                    left -= 1
    return replace(manifest, photos=tuple(sorted(chosen, key=lambda photo: (photo.split, photo.label, photo.sha256))))


def _rank(photo: ManifestPhoto, seed: int) -> str:
    return hashlib.sha256(f"sanity|{seed}|{photo.sha256}".encode()).hexdigest()


def largest(one: Sequence[float], other: Sequence[float]) -> float | None:
    """The largest distance between two rows of numbers, as far as both go; None: nothing to compare."""
    return max((abs(a - b) for a, b in zip(one, other, strict=False)), default=None)


def _most(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def compared(training: Mapping[str, Any], reference: Mapping[str, Any]) -> dict[str, Any]:
    """How a training differs from that on saved features.

    Args:
        training: `curves` {name of CURVES: one value an epoch}, `logits` (photos, classes) and `hits` (a truth value a
            photo) at its end, `diverged`.
        reference: the same of the one on saved features.

    Returns:
        `max_loss_difference` (of the mean loss of an epoch, of the photos to learn from and to check on),
        `max_logit_difference` (of the photos to check on, at the end); None where a loss was lost before there was
        anything to compare. `agrees`: both within TOLERANCE. `val_accuracy` with its 95 % `interval`, the photos
        `fixed` and `broken` against the reference, and the `p_value` of McNemar's exact test between the two.
    """
    losses = [largest(training["curves"][name], reference["curves"][name]) for name in ("loss", "val_loss")]
    rows = [largest(one, other) for one, other in zip(training["logits"], reference["logits"], strict=False)]
    loss, logit = _most(losses), _most(rows)
    pair = PairedComparison.of(reference["hits"], training["hits"])
    right, photos = sum(training["hits"]), len(training["hits"])
    return {
        "max_loss_difference": loss,
        "max_logit_difference": logit,
        "agrees": not training["diverged"] and loss is not None and logit is not None and max(loss, logit) <= TOLERANCE,
        "val_accuracy": right / photos,
        "interval": list(wilson(right, photos)),
        "fixed": pair.fixed,
        "broken": pair.broken,
        "p_value": pair.p_value,
    }
