"""What changed from one run to another: the photos fixed and broken, and whether that is chance."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.backbones.catalog import get_base
from transfer_core.labs.compare.settings import LEAST_PHOTOS
from transfer_core.photos.manifest import ManifestPhoto
from transfer_core.runs.folder import Run
from transfer_core.stats.intervals import wilson
from transfer_core.stats.paired import SIGNIFICANT, mcnemar
from transfer_core.text import Sentence, all_of, plural

__all__ = ["conclude", "curves", "drift_note", "drift_words", "how_sure", "judge"]


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
        (counts), `accuracies` and `intervals` (95 %, Wilson; first, second), `conclusion`, `how_sure` (that is).
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
        "conclusion": conclude(fixed, broken),
        "how_sure": how_sure(fixed, broken, len(photos)),
    }


def conclude(fixed: int, broken: int) -> Sentence:
    """One sentence to remember of so many photos that the second run alone, and the first alone, gets right."""
    values = {"fixed": fixed, "broken": broken}
    if mcnemar(fixed, broken) < SIGNIFICANT:
        return Sentence(
            "The second run is better: {fixed} photos are right that were wrong before, and only {broken} the other "
            "way round."
            if fixed > broken
            else "The second run is worse: {broken} photos are wrong that were right before, and only {fixed} the "
            "other way round.",
            **values,
        )
    if fixed + broken == 0:
        return Sentence("There is no difference: both runs get the very same photos right.")
    return plural(
        "No real difference: {n} photo got better and {broken} worse, which may be chance.",
        "No real difference: {n} photos got better and {broken} worse, which may be chance.",
        fixed,
        broken=broken,
    )


def how_sure(fixed: int, broken: int, photos: int) -> Sentence:
    """What a test says of so many photos fixed and broken, of so many new to both runs."""
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
        return Sentence("{cases:.0f} of 100 cases", cases=100 * p_value)
    if p_value >= 0.001:
        return Sentence("{cases:.0f} of 1000 cases", cases=1000 * p_value)
    return Sentence("fewer than 1 of 1000 cases")


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
        return Sentence("Weight by weight, the bases are the same: if anything differs, it is in the heads.")
    most = max(moved, key=lambda layer: moved[layer])
    return Sentence(
        "{moved} of {layers} layers with weights differ, most of all {most}: by {share:.2%} of the length of its "
        "weights.",
        moved=len(moved),
        layers=len(drift),
        most=most,
        share=moved[most],
    )
