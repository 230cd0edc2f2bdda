"""Predictions -> figures: accuracy with its interval, confusion, per class, calibration, and what went wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.stats.intervals import wilson

__all__ = ["Evaluation", "evaluate", "reliability"]

_BINS = 15


@dataclass(frozen=True)
class Evaluation:
    """How a classifier did on some photos."""

    accuracy: float
    interval: tuple[float, float]
    """95 % Wilson interval of the accuracy."""
    confusion: list[list[int]]
    """Photos by true class (row) and answered class (column)."""
    per_class: dict[str, dict[str, Any]]
    """`precision`, `recall`, `f1` (0..1; 0 where nothing was answered or there was nothing to find), the first two with
    their 95 % intervals as `precision_interval` and `recall_interval`, and `photos`."""
    ece: float
    """Expected calibration error (Guo et al. 2017, 15 bins): how far certainty and accuracy lie apart, 0..1."""
    wrong: list[dict[str, Any]]
    """`photo`, `truth`, `predicted`, `probability` (of the answer) and `path`, the surest mistake first."""

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "confusion": self.confusion,
            "per_class": self.per_class,
            "ece": self.ece,
            "wrong": self.wrong,
        }


def evaluate(
    probabilities: NDArray[np.float32], labels: NDArray[np.int32], classes: Sequence[str], photos: Sequence[Any]
) -> Evaluation:
    """Judge answers.

    Args:
        probabilities: (photos, classes), rows add up to 1.
        labels: (photos,) the truth.
        classes: names in the order of the columns.
        photos: one a row, with `name` and `path` (a `ManifestPhoto`); at least one.
    """
    answers = probabilities.argmax(1)
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(confusion, (labels, answers), 1)
    right = int(np.trace(confusion))
    sure = probabilities.max(1)
    wrong = [
        {
            "photo": photos[index].name,
            "truth": classes[labels[index]],
            "predicted": classes[answers[index]],
            "probability": float(sure[index]),
            "path": photos[index].path,
        }
        for index in sorted(np.flatnonzero(answers != labels).tolist(), key=lambda index: -float(sure[index]))
    ]
    return Evaluation(
        right / len(labels),
        wilson(right, len(labels)),
        confusion.tolist(),
        {name: _class_figures(confusion, index) for index, name in enumerate(classes)},
        _calibration_error(sure, answers == labels),
        wrong,
    )


def _class_figures(confusion: NDArray[np.int64], index: int) -> dict[str, Any]:
    hits, answered, there = int(confusion[index, index]), int(confusion[:, index].sum()), int(confusion[index].sum())
    return {
        "precision": hits / answered if answered else 0.0,
        "recall": hits / there if there else 0.0,
        "precision_interval": list(wilson(hits, answered)),
        "recall_interval": list(wilson(hits, there)),
        "f1": 2 * hits / (answered + there) if answered + there else 0.0,
        "photos": there,
    }


def reliability(sure: NDArray[np.float32], right: NDArray[np.bool_]) -> list[dict[str, float | int]]:
    """How often answers are right, by how sure they are: what a reliability diagram shows (Guo et al. 2017).

    Args:
        sure: (photos,) probability of each answer, 0..1.
        right: (photos,) whether it was right.

    Returns:
        For each of 15 bins of equal width that holds an answer: `low` and `high` (its ends), `photos`, `sure` (mean)
        and `right` (share), all but the number 0..1.
    """
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    return [
        {
            "low": index / _BINS,
            "high": (index + 1) / _BINS,
            "photos": int(inside.sum()),
            "sure": float(sure[inside].mean(dtype=np.float64)),
            "right": float(right[inside].mean()),
        }
        for index in range(_BINS)
        if (inside := bins == index).any()
    ]


def _calibration_error(sure: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    gaps = (found["photos"] * abs(found["right"] - found["sure"]) for found in reliability(sure, right))
    return float(sum(gaps)) / len(sure)
