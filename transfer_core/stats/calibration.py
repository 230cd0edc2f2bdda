"""How sure a classifier should be: a temperature fitted on held-out photos, and the loss that is left with it.

A network that is fine-tuned grows surer of every answer, of its mistakes too, so its validation loss can stand still or
rise while it gets more photos right. Divided by the right temperature (Guo et al. 2017, arXiv:1706.04599) the answers
stay the same and only their sureness changes: the loss at that temperature says how well the classes are told apart.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["calibrated_loss", "calibrated_losses", "fit_temperature", "log_loss"]

Logits = NDArray[np.float32] | NDArray[np.float64]
Labels = NDArray[np.int32] | NDArray[np.int64]

_PRIOR = 2.0
"""Photos that speak for a temperature of 1: with few held-out photos, or none answered wrongly, it stays near."""
_COLDEST, _HOTTEST = 0.05, 20.0
_ENOUGH = 1e-6  # of the logarithm of the temperature


def log_loss(logits: Logits, labels: Labels, temperature: float = 1.0) -> float:
    """Mean cross-entropy of the softmax of `logits` / `temperature`, in nats.

    Args:
        logits: (photos, classes); at least one photo.
        labels: (photos,), from 0.
        temperature: above 0.

    Returns:
        0 or more; not a number where a logit is none, or infinite.
    """
    return float(_losses(logits, labels, temperature).mean())


def fit_temperature(logits: Logits, labels: Labels) -> float:
    """The temperature, 0.05 to 20, that makes the loss least; above 1 where answers are too sure.

    In 1 / temperature the loss is convex, and so is what is added to it for a temperature of 1 (the logarithm of a
    gamma distribution with its peak there), so there is one lowest point. It is found by bisection of the slope.

    Args:
        logits: (photos, classes), all finite.
        labels: (photos,), from 0; photos that were not learned from.
    """
    below, others = _shifted(logits, labels)

    def slope(inverse: float) -> float:
        raised = np.exp(inverse * others)
        expected = (raised * others).sum(1) / raised.sum(1)
        return float(np.mean(expected - below)) + _PRIOR / len(labels) * (1 - 1 / inverse)

    low, high = np.log(1 / _HOTTEST), np.log(1 / _COLDEST)
    while high - low > _ENOUGH:
        middle = (low + high) / 2
        low, high = (low, middle) if slope(float(np.exp(middle))) > 0 else (middle, high)
    return float(np.exp(-(low + high) / 2))


def calibrated_loss(logits: Logits, labels: Labels) -> float:
    """`log_loss` at the fitted temperature; not a number where a logit is none, or infinite."""
    return float(calibrated_losses(logits, labels).mean())


def calibrated_losses(logits: Logits, labels: Labels) -> NDArray[np.float64]:
    """What each photo adds to `calibrated_loss`: (photos,), whose mean it is."""
    if not np.isfinite(logits).all():
        return np.full(len(labels), np.nan)
    return _losses(logits, labels, fit_temperature(logits, labels))


def _losses(logits: Logits, labels: Labels, temperature: float) -> NDArray[np.float64]:
    below, others = _shifted(logits, labels)
    return np.asarray(np.log(np.exp(others / temperature).sum(1)) - below / temperature)


def _shifted(logits: Logits, labels: Labels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logits less the largest of their photo: those of the labels (photos,), and all (photos, classes)."""
    rows = logits.astype(np.float64)
    rows -= rows.max(1, keepdims=True)
    return rows[np.arange(len(labels)), labels], rows
