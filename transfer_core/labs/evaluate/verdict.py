"""What a classifier's answers come to: every figure from the same answers, so that they agree with each other."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.photos.manifest import ManifestPhoto
from transfer_core.stats.intervals import wilson
from transfer_core.stats.metrics import evaluate, reliability
from transfer_core.text import Sentence, joined, plural

__all__ = ["FOLDS", "answered", "conclude", "confusions", "described", "how_sure", "judge"]

FOLDS = "out of fold"
"""What `on` of the result says where every photo was answered by a classifier that had not seen it."""
_SEEN_TWICE = 2  # a mistake made once is no pattern
_FEWER = 0.95  # of the photos that a classifier learned from: with less, those of the folds are at a disadvantage


def judge(
    probabilities: NDArray[np.float32],
    photos: Sequence[ManifestPhoto],
    classes: Sequence[str],
    answered: NDArray[np.bool_] | None = None,
    threshold: float | None = None,
) -> dict[str, Any]:
    """Judge answers.

    Args:
        probabilities: (photos, classes), rows add up to 1.
        photos: one a row, with the truth; at least one.
        classes: names in the order of the columns.
        answered: (photos,) whether it would give an answer, and not say "none of these"; None: it can't say that.
        threshold: the likeness that this goes by; None where classifiers with thresholds of their own answered.

    Returns:
        `photos` and `right` (counts), `accuracy`, `interval`, `confusion`, `classes`, `per_class`, `ece` (see
        `stats.metrics.Evaluation`), `reliability` (of `stats.metrics.reliability`), `sure` (mean probability of the
        answers), `none` (`threshold`, `coverage`: the share that is answered, `accuracy`: of those; None where it
        can't say "none of these") and `answers`: of every photo `photo`, `path`, `sha256`, `truth`, `answer`,
        `probability` (of the answer), `of_truth` (of the truth) and `none` (whether it would say that instead), the
        surest mistake first, then what is right, the least sure first. All else counts the answer that it would give
        if it had to.
    """
    labels = np.array([photo.label for photo in photos], np.int32)
    found = evaluate(probabilities, labels, classes, photos).to_dict()
    del found["wrong"]  # in `answers`
    said, sure = probabilities.argmax(1), probabilities.max(1)
    right = said == labels
    order = sorted(range(len(photos)), key=lambda row: (right[row], sure[row] if right[row] else -sure[row]))
    answers = [
        {
            "photo": photos[row].name,
            "path": photos[row].path,
            "sha256": photos[row].sha256,
            "truth": classes[labels[row]],
            "answer": classes[said[row]],
            "probability": float(sure[row]),
            "of_truth": float(probabilities[row, labels[row]]),
            "none": answered is not None and not answered[row],
        }
        for row in order
    ]
    return {
        **found,
        "photos": len(photos),
        "right": int(right.sum()),
        "classes": list(classes),
        "reliability": reliability(sure, right),
        "sure": float(sure.mean(dtype=np.float64)),
        "none": None
        if answered is None
        else {
            "threshold": threshold,
            "coverage": float(answered.mean()),
            "accuracy": float(right[answered].mean()) if answered.any() else None,
        },
        "answers": answers,
    }


def confusions(found: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Which class is taken for which other, and how often, the most frequent first; of the result of `judge`."""
    names = found["classes"]
    pairs = [
        (truth, answer, count)
        for truth, row in zip(names, found["confusion"], strict=True)
        for answer, count in zip(names, row, strict=True)
        if count and truth != answer
    ]
    return sorted(pairs, key=lambda pair: -pair[2])


def answered(found: Mapping[str, Any], name: str) -> int:
    """How many photos were said to show the class `name`; of the result of `judge`."""
    column = found["classes"].index(name)
    return sum(row[column] for row in found["confusion"])


def conclude(found: Mapping[str, Any]) -> Sentence:
    """One sentence to remember of the result of `judge`."""
    low, high = wilson(found["right"], found["photos"])
    return plural(
        "Right on {right:,} of {n:,} photo it did not learn from: of 100 new ones like these, expect {low:.0f} to "
        "{high:.0f} right.",
        "Right on {right:,} of {n:,} photos it did not learn from: of 100 new ones like these, expect {low:.0f} to "
        "{high:.0f} right.",
        found["photos"],
        right=found["right"],
        low=100 * low,
        high=100 * high,
    )


def how_sure(found: Mapping[str, Any], on: str, folds: int = 0, learned: tuple[int, int] = (0, 0)) -> Sentence:
    """How far the figure can be trusted, what is confused most, and whether the answers are as sure as they are right.

    Args:
        found: the result of `judge`.
        on: as `on` of the result.
        folds: how many classifiers answered out of fold.
        learned: from how many photos they learned, on average, and from how many the one that is evaluated.
    """
    words = [_trust(on, folds, learned)]
    pairs = confusions(found)
    if pairs and pairs[0][2] >= _SEEN_TWICE:
        truth, answer, count = pairs[0]
        alone = len(pairs) == 1 or pairs[1][2] < count
        words.append(
            Sentence(
                "It most often takes {truth} for {answer}: {count:,} of {photos:,} photos."
                if alone
                else "Among the mistakes it makes most often, it takes {truth} for {answer}: {count:,} of {photos:,} "
                "photos.",
                truth=truth,
                answer=answer,
                count=count,
                photos=found["per_class"][truth]["photos"],
            )
        )
    words.append(_sureness(found))
    if found["none"] is not None and found["none"]["accuracy"] is not None:
        words.append(
            Sentence(
                "If it may say “none of these”, it answers {coverage:.0%} of these photos, {accuracy:.0%} of them "
                "right.",
                **found["none"],
            )
        )
    return joined(words)


def described(base: str, on: str) -> Sentence:
    """What was evaluated on what, in few words: the title of the base, and `on` of the result."""
    if on == FOLDS:
        return Sentence("{base}, every photo out of fold", base=base)
    if on == "validation":
        return Sentence("{base}, validation photos", base=base)
    if on == "test":
        return Sentence("{base}, test photos", base=base)
    return Sentence("{base}, the photos of {on}", base=base, on=on)


def _trust(on: str, folds: int, learned: tuple[int, int]) -> Sentence:
    if on == FOLDS:
        theirs, ours = learned
        said = Sentence(
            "Each photo was answered by one of {folds} classifiers that were trained like this one, but without that "
            "photo. They learned from about {theirs:,} photos each; this one from {ours:,}.",
            folds=folds,
            theirs=theirs,
            ours=ours,
        )
        if theirs < _FEWER * ours:
            return joined([said, Sentence("So it may be a little better than they are.")])
        return said
    if on == "validation":
        return Sentence(
            "By these photos the best epoch was chosen, so the figure may be a little too good. Test photos, or every "
            "photo out of fold, say it honestly."
        )
    return Sentence("Nothing was chosen by these photos, so the figure is an honest one.")


def _sureness(found: Mapping[str, Any]) -> Sentence:
    low, high = found["interval"]
    values = {"sure": found["sure"], "right": found["accuracy"]}
    if found["sure"] > high:
        return Sentence("It is too sure of itself: {sure:.0%} on average, where {right:.0%} are right.", **values)
    if found["sure"] < low:
        return Sentence("It is right more often than it dares to say: {right:.0%}, at {sure:.0%} sure.", **values)
    return Sentence("It is about as sure as it is right: {sure:.0%} on average, where {right:.0%} are right.", **values)
