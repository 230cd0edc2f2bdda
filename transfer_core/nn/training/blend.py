"""Where on the way from the weights before fine-tuning to those after it the classifier is best.

Between two networks of which one was fine-tuned from the other, the mean of their weights often answers better than
either, on new photos and on unlike ones (Wortsman et al. 2022, arXiv:2109.01903). It costs a few looks at the
validation photos. And a choice among five networks that lie in a row is fooled less by few photos than one among
epochs, each of which errs in its own way: `python -m tests.benchmarks recipe` compares them.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from transfer_core.nn.training.classifier import Network
from transfer_core.stats.calibration import Labels, Logits, calibrated_losses

__all__ = ["SHARES", "best_share", "choose", "mixed"]

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Ways gone, of the way from the first weights to the last."""
_MIDDLE = SHARES.index(0.5)

Weights = list[NDArray[np.float32]]


def mixed(first: Weights, last: Weights, share: float) -> Weights:
    """The weights `share` (0..1) of the way from `first` to `last`; at either end exactly those."""
    if share in (0.0, 1.0):
        return last if share else first
    return [begin + np.float32(share) * (end - begin) for begin, end in zip(first, last, strict=True)]


def best_share(
    network: Network, first: Weights, last: Weights, logits: Callable[[], Logits], labels: Labels
) -> tuple[float, Logits]:
    """Try `SHARES`; the network is left with the weights of the chosen one.

    Args:
        network: changed in place.
        first: its weights before fine-tuning.
        last: those after it.
        logits: asks the network about the validation photos: (photos, classes).
        labels: (photos,) of those.

    Returns:
        The share, and what the network says with it.
    """
    answers = []
    for share in SHARES:
        network.write(mixed(first, last, share))
        answers.append(logits())
    chosen = choose([calibrated_losses(answer, labels) for answer in answers])
    network.write(mixed(first, last, SHARES[chosen]))
    return SHARES[chosen], answers[chosen]


def choose(losses: Sequence[NDArray[np.float64]]) -> int:
    """Which of the `SHARES`: the middle, or as far towards the lowest mean loss as the photos call for.

    A share is passed over where its loss is higher than the lowest by more than one standard error of the difference,
    photo by photo: the rule by which cross-validation picks the simplest model that is as good as the best (Breiman et
    al. 1984). The middle is what does well before any photo is looked at.

    Args:
        losses: (photos,) for each of `SHARES`. What is no number is never chosen.
    """
    means = [float(each.mean()) if np.isfinite(each).all() else np.inf for each in losses]
    best = int(np.argmin(means))
    for place in range(_MIDDLE, best, 1 if best > _MIDDLE else -1):
        if np.isfinite(means[place]) and means[place] - means[best] <= _standard_error(losses[place] - losses[best]):
            return place
    return best


def _standard_error(differences: NDArray[np.float64]) -> float:
    return float(differences.std(ddof=1) / np.sqrt(len(differences))) if len(differences) > 1 else np.inf
