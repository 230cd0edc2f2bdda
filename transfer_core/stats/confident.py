"""Which labels are likely wrong: confident learning (Northcutt, Jiang and Chuang 2021, JAIR 70)."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["Doubts", "doubtful_labels"]

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Doubts:
    """Labels that are likely wrong."""

    rows: Labels
    """Of the photos, the likeliest first."""
    instead: Labels
    """The class that each more likely shows."""
    joint: Labels
    """(classes, classes) photos by the label they have (row) and the class they are confidently counted to (column),
    the confident joint of the paper."""

    def without(self, rows: Collection[int]) -> "Doubts":
        """These, less those about some photos."""
        kept = ~np.isin(self.rows, list(rows))
        return replace(self, rows=self.rows[kept], instead=self.instead[kept])


def doubtful_labels(probabilities: Floats, labels: Labels) -> Doubts:
    """Find labels that answers out of fold contradict with confidence.

    A class's threshold is how sure of it the answers are on average over the photos that carry its name. A photo is
    counted to the likeliest of the classes whose threshold it reaches; where that is another than its label, the label
    is in doubt. Ordered by how much likelier the other class is. It needs no number to be set, and a classifier that is
    too sure of some classes does not mislead it: that raises their thresholds.

    Args:
        probabilities: (photos, classes) out of fold, rows add up to 1.
        labels: (photos,), from 0; every class has a photo.
    """
    classes = probabilities.shape[1]
    sure = np.array([probabilities[labels == label, label].mean() for label in range(classes)])
    reached = np.where(probabilities >= sure, probabilities, -1.0)
    counted = reached.argmax(1)
    confident = reached.max(1) >= 0
    joint = np.zeros((classes, classes), np.int64)
    np.add.at(joint, (labels[confident], counted[confident]), 1)
    rows = np.flatnonzero(confident & (counted != labels))
    margin = probabilities[rows, counted[rows]] - probabilities[rows, labels[rows]]
    rows = rows[np.argsort(-margin, kind="stable")]
    return Doubts(rows, counted[rows], joint)
