"""Shortcuts: facts of photos, having nothing to do with what they show, that give their class away all the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transfer_core.photos.decode import FileFacts
from transfer_core.photos.health.looks import Looks
from transfer_core.stats.linear_probe import out_of_fold

__all__ = ["FACTS", "Shortcut", "columns", "find_shortcuts"]

Labels = NDArray[np.int64]

FACTS = ("file_type", "resolution", "shape", "border", "brightness", "sharpness", "average_color")
"""Every fact, as `Shortcut.fact` names it; what has least to do with what a photo shows comes first."""
_TOLD = 0.8  # share of a class found, and share of right answers with its name, from which a fact gives it away
_FEW = 5  # photos a class needs, for a share of them to mean something
_PENALTY = 1e-4  # of `linear_probe`: a handful of numbers need little holding back


@dataclass(frozen=True)
class Shortcut:
    """How far one fact alone tells the classes apart."""

    fact: str
    """One of `FACTS`."""
    accuracy: float
    """Share of photos whose class it gives, each answered by a classifier that had not seen it; 0..1."""
    told: tuple[int, ...]
    """Labels of the classes that it gives away."""


def columns(looks: Looks, files: Sequence[FileFacts]) -> dict[str, NDArray[np.float32]]:
    """The numbers (photos, n) behind each fact.

    Args:
        looks: of the photos.
        files: of the same photos.
    """
    width, height = (np.array([getattr(file, side) for file in files], np.float32) for side in ("width", "height"))
    kinds = sorted({file.kind for file in files})
    numbers = {
        "file_type": np.array([[file.kind == kind for kind in kinds] for file in files], np.float32),
        "resolution": np.log(width * height)[:, None],
        "shape": np.log(width / height)[:, None],
        "border": looks.border,
        "brightness": looks.brightness[:, None],
        "sharpness": looks.blur[:, None],
        "average_color": looks.color,
    }
    return {fact: numbers[fact] for fact in FACTS}


def find_shortcuts(
    facts: Mapping[str, NDArray[np.float32]],
    labels: Labels,
    folds: Labels,
    check: Callable[[], None] = lambda: None,
) -> list[Shortcut]:
    """Ask of each fact how far it alone tells the classes apart.

    A softmax regression on the numbers and their squares answers each photo out of fold. A class counts as given away
    where four in five of its photos are found by the fact, and four in five answers with its name are right, more of
    both than naming it always or never would give.

    Args:
        facts: as `columns` gives them.
        labels: (photos,), from 0; every class is in at least three folds.
        folds: (photos,), from 0; at least three.
        check: called before each fact; may raise to stop.

    Returns:
        One for each fact, in the order given.
    """
    found = []
    counts = np.bincount(labels)
    for fact, numbers in facts.items():
        check()
        values = np.hstack([numbers, (numbers - numbers.mean(0)) ** 2])
        answers = out_of_fold(values, labels, folds, [_PENALTY]).answers if numbers.std(0).any() else None
        if answers is None:  # all alike: the largest class is the best guess
            found.append(Shortcut(fact, float(counts.max() / len(labels)), ()))
            continue
        told = tuple(label for label in range(len(counts)) if _gives_away(answers, labels, label, int(counts[label])))
        found.append(Shortcut(fact, float((answers == labels).mean()), told))
    return found


def _gives_away(answers: Labels, labels: Labels, label: int, count: int) -> bool:
    said, there = answers == label, labels == label
    if count < _FEW or not said.any():
        return False
    recall, precision = float(said[there].mean()), float(there[said].mean())
    elsewhere = float(said[~there].mean())  # of photos of other classes, so called; always naming it gives 1
    return precision >= _TOLD and recall - elsewhere >= _TOLD
