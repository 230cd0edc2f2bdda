"""What changed from one run to another: the photos that count, those fixed and broken, and whether that is chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.backbones.catalog import get_base
from transfer_core.errors import ConfigError, DataError, RunError
from transfer_core.labs.experiment import is_experiment
from transfer_core.labs.options import argument
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.folder import Run, open_run
from transfer_core.stats.intervals import wilson
from transfer_core.stats.paired import LEAST_CHANGED, SIGNIFICANT, mcnemar
from transfer_core.text import Sentence, all_of, plural

__all__ = [
    "LEAST_PHOTOS",
    "Material",
    "Settings",
    "check",
    "conclude",
    "curves",
    "drift_note",
    "drift_words",
    "judge",
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
    first, second = _trained(settings.first), _trained(settings.second)
    ours, theirs = first.manifest(), second.manifest()
    _check_same_classes(ours.classes, theirs.classes)
    photos, relabeled = shared_photos(ours, theirs)
    require_enough(len(photos))
    return Material(first, second, ours.classes, photos, relabeled)


def check(settings: Settings) -> None:
    """Refuse what can't be compared; raises as `material`."""
    material(settings)


def _trained(folder: str) -> Run:
    run = open_run(Path(folder))
    if is_experiment(run):
        raise RunError("{path} is an experiment of a lab. Give the folder of a training run.", path=run.path)
    run.labels()  # refuses a run without a model
    return run


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
            "on and neither learned from. Train both with the same photos and the same seed, or give both the same "
            "test photos.",
            few=few,
        )


def judge(
    first: NDArray[np.float32], second: NDArray[np.float32], photos: Sequence[ManifestPhoto], classes: Sequence[str]
) -> dict[str, Any]:
    """Set the answers of two runs to the same photos against each other.

    Args:
        first: probabilities (photos, classes) of the first run.
        second: of the second.
        photos: one a row, with the truth.
        classes: names in the order of the columns.

    Returns:
        `fixed` and `broken` (names of photos that the second alone, or the first alone, gets right), `changed` (the
        same photos with what each said), `p_value` of the exact McNemar test, `both_right`, `both_wrong`, `photos`
        (counts), `accuracies` and `intervals` (95 %, Wilson; first, second), `conclusion`.
    """
    truth = np.array([photo.label for photo in photos])
    answers = [first.argmax(1), second.argmax(1)]
    was, now = (said == truth for said in answers)
    changed = [
        {
            "photo": photo.name,
            "path": photo.path,
            "sha256": photo.sha256,
            "truth": classes[photo.label],
            "fixed": bool(now[row]),
            "answers": [classes[said[row]] for said in answers],
            "probabilities": [round(float(shares[row].max()), 4) for shares in (first, second)],
        }
        for row, photo in enumerate(photos)
        if was[row] != now[row]
    ]
    fixed, broken = int((now & ~was).sum()), int((was & ~now).sum())
    p_value = mcnemar(fixed, broken)
    right = [int(was.sum()), int(now.sum())]
    return {
        "fixed": [item["photo"] for item in changed if item["fixed"]],
        "broken": [item["photo"] for item in changed if not item["fixed"]],
        "changed": changed,
        "p_value": p_value,
        "photos": len(photos),
        "both_right": int((was & now).sum()),
        "both_wrong": int((~was & ~now).sum()),
        "accuracies": [count / len(photos) for count in right],
        "intervals": [list(wilson(count, len(photos))) for count in right],
        "conclusion": conclude(fixed, broken, len(photos)),
    }


def conclude(fixed: int, broken: int, photos: int) -> Sentence:
    """What is said of so many photos fixed and broken, of so many new to both runs."""
    p_value = mcnemar(fixed, broken)
    values = {"fixed": fixed, "broken": broken, "photos": photos}
    if p_value < SIGNIFICANT:
        return Sentence(
            "{fixed} fixed, {broken} broken: the second is better. On {photos} photos new to both, chance alone would "
            "make so large a difference in {odds}."
            if fixed > broken
            else "{fixed} fixed, {broken} broken: the second is worse. On {photos} photos new to both, chance alone "
            "would make so large a difference in {odds}.",
            **values,
            odds=_odds(p_value),
        )
    if fixed + broken == 0:
        return Sentence(
            "{fixed} fixed, {broken} broken: no difference. Of {photos} photos new to both, each gets the very same "
            "ones right.",
            **values,
        )
    if fixed + broken < LEAST_PHOTOS:
        return Sentence(
            "{fixed} fixed, {broken} broken: no real difference. Of {photos} photos new to both, at least {least} "
            "would have to change, all the same way, before chance could be ruled out.",
            **values,
            least=LEAST_PHOTOS,
        )
    return Sentence(
        "{fixed} fixed, {broken} broken: no real difference. On {photos} photos new to both, chance alone would make "
        "so large a difference in {odds}.",
        **values,
        odds=_odds(p_value),
    )


def _odds(p_value: float) -> Sentence:
    if p_value >= 0.01:
        return Sentence("{cases:.0f} of 100 cases (p = {p:.2f})", cases=100 * p_value, p=p_value)
    if p_value >= 0.001:
        return Sentence("{cases:.0f} of 1000 cases (p = {p:.3f})", cases=1000 * p_value, p=p_value)
    return Sentence("fewer than 1 of 1000 cases (p < 0.001)")


def curves(run: Run) -> list[dict[str, Any]]:
    """The epochs of a run: `epoch`, `phase`, and `loss accuracy val_loss val_accuracy`."""
    return [{"epoch": epoch.epoch, "phase": epoch.phase, **epoch.metrics} for epoch in run.epochs()]


def drift_note(first: Run, second: Run) -> Sentence:
    """Why the weights of the two can't be compared layer by layer, or only with care; empty when they can."""
    ours, theirs = first.config(), second.config()
    if ours.base.name != theirs.base.name:
        return Sentence(
            "The two stand on different bases ({bases}), so their layers can't be compared one by one.",
            bases=all_of([get_base(config.base.name).title for config in (ours, theirs)]),
        )
    if ours.base.weights != theirs.base.weights or (ours.base.weights == "none" and ours.seed != theirs.seed):
        return Sentence(
            "The two started from different weights, so far more differs between them than training changed."
        )
    return Sentence("")


def drift_words(drift: Mapping[str, float]) -> Sentence:
    """How far the layers of two networks with the same layers lie apart, in a sentence; empty without layers."""
    moved = {layer: value for layer, value in drift.items() if value > 0}
    if not drift:
        return Sentence("")
    if not moved:
        return Sentence("Weight by weight, the bases are the same: only the heads differ.")
    most = max(moved, key=lambda layer: moved[layer])
    return Sentence(
        "{moved} of {layers} layers with weights differ, most of all {most}: by {share:.2%} of the length of its "
        "weights.",
        moved=len(moved),
        layers=len(drift),
        most=most,
        share=moved[most],
    )
