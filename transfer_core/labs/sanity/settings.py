"""Frozen or not: what the sanity check is asked, which photos it takes, and what follows from what it measured."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from transfer_core.errors import ConfigError, DataError
from transfer_core.labs.options import option
from transfer_core.labs.sanity.mistakes import MISTAKES, get_mistake
from transfer_core.photos.manifest import Manifest, ManifestPhoto, SplitName
from transfer_core.runs.config import FitConfig, Optimizer, PhaseConfig, check_choice, check_number, is_number
from transfer_core.stats.intervals import wilson
from transfer_core.stats.paired import SIGNIFICANT, PairedComparison
from transfer_core.text import Sentence, joined, plural

__all__ = ["CURVES", "TOLERANCE", "Settings", "choose_photos", "compared", "conclude", "largest", "needed"]

TOLERANCE = 1e-5
"""Largest difference in a loss or a logit that rounding explains: float32 sums taken in another order."""
CURVES = ("loss", "accuracy", "val_loss", "val_accuracy")
"""What every training tells after each epoch."""
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


def conclude(result: Mapping[str, Any]) -> Sentence:
    """What a result, complete or not, says in plain words."""
    variants = result["variants"]
    parts = [*_equality(result), *_mistakes(variants), *_harmless(variants), *_accuracy(result)]
    return joined(parts) if parts else Sentence("Nothing has been compared yet.")


def _equality(result: Mapping[str, Any]) -> list[Sentence]:
    loss, logit, epochs = result["max_loss_difference"], result["max_logit_difference"], result["epochs"]
    if loss is None or logit is None:
        if not result.get("bottleneck", {}).get("diverged"):
            return []
        return [
            Sentence(
                "The training on saved features lost its loss: it became too large for a number. Choose a lower "
                "learning rate and start again."
            )
        ]
    if loss == logit == 0:
        return [
            plural(
                "Training a new layer on saved features and training the whole network with its base frozen are the "
                "same: every loss of the one epoch and every answer at the end is equal to the last bit.",
                "Training a new layer on saved features and training the whole network with its base frozen are the "
                "same: every loss over {n} epochs and every answer at the end is equal to the last bit.",
                epochs,
            )
        ]
    if max(loss, logit) <= TOLERANCE:
        return [
            Sentence(
                "Training a new layer on saved features and training the whole network with its base frozen are the "
                "same but for rounding: losses and answers differ by at most {most:.1g}.",
                most=max(loss, logit),
            )
        ]
    return [
        Sentence(
            "Training on saved features and training with a frozen base should be the same, but here the losses differ "
            "by up to {loss:.2g} and the answers by {logit:.2g}: something in this base depends on more than the "
            "photo.",
            loss=loss,
            logit=logit,
        )
    ]


def _mistakes(variants: Mapping[str, Mapping[str, Any]]) -> list[Sentence]:
    apart = sorted((found for found in variants.values() if not found["agrees"]), key=_size, reverse=True)
    if not apart:
        return []
    values = {"title": apart[0]["title"], "apart": _apart(apart[0])}
    if len(variants) == 1:
        return [Sentence("One mistake breaks this: {title} ({apart}).", **values)]
    return [
        Sentence(
            "{n} of {variants} classic mistakes break this, most of all {title} ({apart}).",
            n=len(apart),
            variants=len(variants),
            **values,
        )
    ]


def _harmless(variants: Mapping[str, Mapping[str, Any]]) -> list[Sentence]:
    titles = [found["title"] for found in variants.values() if found["agrees"]]
    return [Sentence("With this base nothing changes by: {titles}.", titles=titles)] if titles else []


def _size(found: Mapping[str, Any]) -> float:
    difference = found["max_loss_difference"]
    return math.inf if difference is None else float(difference)


def _apart(found: Mapping[str, Any]) -> Sentence:
    difference = found["max_loss_difference"]
    if found["diverged"] or difference is None:
        return Sentence("the loss was lost")
    return Sentence("loss up to {difference:.2g} apart", difference=difference)


def _accuracy(result: Mapping[str, Any]) -> list[Sentence]:
    """What the mistakes do to the answers for new photos, as far as so few can tell."""
    apart = {name: found for name, found in result["variants"].items() if not found["agrees"]}
    if not apart or "bottleneck" not in result:
        return []
    # Each mistake is a question of its own, so nothing is corrected for their number.
    worse = [found for found in apart.values() if found["p_value"] < SIGNIFICANT and found["broken"] > found["fixed"]]
    photos = result["photos"]["validation"]
    if not worse:
        return [
            Sentence(
                "Whether they cost accuracy can't be told from {photos} photos: all differences are within noise.",
                photos=photos,
            )
        ]
    worse.sort(key=lambda found: found["val_accuracy"])
    return [
        Sentence(
            "Of {photos} new photos {right} are right without a mistake, and beyond chance fewer are: {fewer}.",
            photos=photos,
            right=round(photos * result["bottleneck"]["val_accuracy"]),
            fewer=[
                Sentence("{right} with {title}", right=round(photos * found["val_accuracy"]), title=found["title"])
                for found in worse
            ],
        )
    ]
