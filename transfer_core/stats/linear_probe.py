"""Answers of regularised linear classifiers to photos they did not learn from: k folds, the penalty chosen inside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

__all__ = ["LinearClassifiers", "OutOfFold", "fit_linear", "out_of_fold"]

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

_STEPS = 500
_TOLERANCE = 1e-6  # mean log loss that one more step could still gain; answers no longer change long before
_DEAD = 1e-4  # a channel that varies less than this, relative to the others, holds rounding and nothing else


@dataclass(frozen=True)
class OutOfFold:
    """What was answered for each photo by a classifier that had not seen it."""

    answers: Labels
    """(photos,) classes."""
    probabilities: Floats
    """(photos, classes), rows add up to 1."""
    penalties: tuple[float, ...]
    """The penalty chosen for each fold, from the other folds alone."""


@dataclass(frozen=True)
class LinearClassifiers:
    """Softmax regressions on the same photos, one a penalty."""

    _mean: Floats
    _scale: Floats
    _axes: Floats
    """(features, rank): principal axes of the standardised features."""
    _weights: Floats
    """(rank + 1, penalties, classes), the intercepts last."""

    def logits(self, features: Floats) -> Floats:
        """(photos, features) -> (photos, penalties, classes)."""
        rows = _with_ones((features - self._mean) * self._scale @ self._axes)
        return (rows @ _flat(self._weights)).reshape(len(rows), *self._weights.shape[1:])


def fit_linear(features: Floats, labels: Labels, classes: int, penalties: Sequence[float]) -> LinearClassifiers:
    """Multinomial logistic regression for every penalty at once.

    Minimises mean log loss + penalty / 2 * |weights|^2; intercepts are free. Features are standardised and divided by
    the root of their number, so that a penalty means the same for 16 channels and for 2048. The Hessian is bounded by
    a fixed one (Boehning 1992, Annals of the Institute of Statistical Mathematics 44), which is diagonal in the
    principal axes of the features: each step costs two matrix products. Steps are accelerated (Nesterov 1983) and
    restarted where they overshoot (O'Donoghue and Candes 2015). Deterministic: it starts from zero.

    Args:
        features: (photos, features); channels that never vary are left out.
        labels: (photos,), 0 to `classes` - 1.
        classes: how many there are.
        penalties: each above 0.
    """
    mean, deviation = features.mean(0), features.std(0)
    alive = deviation > _DEAD * np.sqrt(np.mean(deviation**2))
    scale = np.where(alive, 1 / np.where(alive, deviation, 1), 0) / np.sqrt(features.shape[1])
    axes, variances = _principal((features - mean) * scale)
    rows = _with_ones((features - mean) * scale @ axes)
    penalty = np.zeros((len(variances) + 1, len(penalties), 1))
    penalty[:-1] = np.asarray(penalties)[None, :, None]
    bound = np.append(variances, 1.0)[:, None, None] / 2 + penalty
    return LinearClassifiers(mean, scale, axes, _minimise(rows, np.eye(classes)[labels], penalty, bound))


def out_of_fold(
    features: NDArray[np.float32],
    labels: Labels,
    folds: Labels,
    penalties: Sequence[float],
    check: Callable[[], None] = lambda: None,
) -> OutOfFold:
    """Answer for every photo by a classifier trained on the other folds.

    Standardisation, the penalty and the weights all come from the other folds. The penalty is the one whose
    classifiers, each trained without one further fold, answer that fold best: the most right answers, and where two
    are equal the smaller log loss. A classifier trained without two folds serves the choice for both, so five folds
    take ten such fits and not twenty.

    Args:
        features: (photos, features).
        labels: (photos,), from 0; every class is in at least three folds.
        folds: (photos,), from 0; at least three.
        penalties: to choose from, each above 0.
        check: called before each fit; may raise to stop.
    """
    values, classes, count = features.astype(np.float64), int(labels.max()) + 1, int(folds.max()) + 1
    right, loss = np.zeros((count, len(penalties))), np.zeros((count, len(penalties)))
    for pair in combinations(range(count), 2) if len(penalties) > 1 else ():
        check()
        rest = ~np.isin(folds, pair)
        fitted = fit_linear(values[rest], labels[rest], classes, penalties)
        for owner, held in (pair, pair[::-1]):
            mine = folds == held
            logits, truth = fitted.logits(values[mine]), labels[mine]
            right[owner] += (logits.argmax(2) == truth[:, None]).sum(0)
            chances = _softmax(logits)[np.arange(len(truth)), :, truth]
            loss[owner] -= np.log(np.maximum(chances, np.finfo(float).tiny)).sum(0)
    probabilities, chosen = np.zeros((len(labels), classes)), []
    for fold in range(count):
        check()
        best = int(np.lexsort((loss[fold], -right[fold]))[0])
        rest = folds != fold
        fitted = fit_linear(values[rest], labels[rest], classes, [penalties[best]])
        probabilities[~rest] = _softmax(fitted.logits(values[~rest])[:, 0])
        chosen.append(penalties[best])
    return OutOfFold(probabilities.argmax(1), probabilities, tuple(chosen))


def _principal(rows: Floats) -> tuple[Floats, Floats]:
    """Principal axes (features, rank) of centred rows and the variance along each, by the smaller of the two Gram
    matrices."""
    photos, features = rows.shape
    if features <= photos:
        values, axes = np.linalg.eigh(rows.T @ rows)
    else:
        values, axes = np.linalg.eigh(rows @ rows.T)
    kept = values > max(values[-1], 0.0) * 1e-10
    values, axes = values[kept], axes[:, kept]
    return (axes if features <= photos else rows.T @ (axes / np.sqrt(values))), values / photos


def _minimise(rows: Floats, targets: Floats, penalty: Floats, bound: Floats) -> Floats:
    photos, rank = rows.shape
    shape = (rank, penalty.shape[1], targets.shape[1])
    weights = ahead = np.zeros(shape)
    pace = np.ones(shape[1])
    for _ in range(_STEPS):
        missed = _softmax((rows @ _flat(ahead)).reshape(photos, *shape[1:])) - targets[:, None]
        slope = (rows.T @ missed.reshape(photos, -1)).reshape(shape) / photos + penalty * ahead
        step = slope / bound
        moved = ahead - step
        overshot = (slope * (moved - weights)).sum((0, 2)) > 0
        pace = np.where(overshot, 1.0, pace)
        faster = (1 + np.sqrt(1 + 4 * pace**2)) / 2
        ahead = moved + ((pace - 1) / faster)[None, :, None] * (moved - weights)
        weights, pace = moved, faster
        if (slope * step).sum((0, 2)).max() < _TOLERANCE:
            break
    return weights


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(raised / raised.sum(-1, keepdims=True))


def _with_ones(rows: Floats) -> Floats:
    return np.hstack([rows, np.ones((len(rows), 1))])


def _flat(weights: Floats) -> Floats:
    return weights.reshape(len(weights), -1)
