"""Why accuracy can rise while the loss does not fall: two epochs at which it happened, and the photos behind it.

Accuracy counts photos: each is right or wrong. The loss is a mean of -log(probability of the truth), which has no upper
end: one photo that is answered wrongly and surely can outweigh many that get a little better.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

__all__ = ["Rise", "Weightiest", "find_rise", "weightiest"]

_LEAST = 0.001  # of the loss; below that nobody would see it in a curve


@dataclass(frozen=True)
class Rise:
    """Two places in a list of epochs: at the later one accuracy is no lower and the loss is higher."""

    earlier: int
    later: int
    accuracy: float
    """How much higher the accuracy is at the later one, 0 or more."""
    loss: float
    """How much higher the loss is."""


def find_rise(epochs: Sequence[tuple[float, float]]) -> Rise | None:
    """The clearest case among all pairs of epochs, or None where there is no such pair.

    One where accuracy rose comes before one where it stayed; then the one whose loss rose most.

    Args:
        epochs: (loss, accuracy) of the same photos after each epoch; finite.
    """
    found = [
        Rise(earlier, later, after[1] - before[1], after[0] - before[0])
        for later, after in enumerate(epochs)
        for earlier, before in enumerate(epochs[:later])
        if after[1] >= before[1] and after[0] - before[0] > _LEAST
    ]
    return max(found, key=lambda rise: (rise.accuracy > 0, rise.loss), default=None)


@dataclass(frozen=True)
class Weightiest:
    """The photos without which the loss would not have risen."""

    photos: tuple[int, ...]
    """Their places, the one whose loss rose most first. As few as possible."""
    rest_before: float
    """Mean loss of all other photos at the earlier epoch; 0.0 where there are none."""
    rest_after: float
    """And at the later one: no higher."""


def weightiest(before: Sequence[float], after: Sequence[float]) -> Weightiest:
    """The fewest photos that, left out, make the mean loss of the others fall or stay.

    Args:
        before: loss of each photo, 0 or more, finite.
        after: of the same photos, later.
    """
    order = sorted(range(len(before)), key=lambda place: before[place] - after[place])
    count = 0
    # Summed anew: a running sum would leave rounding errors that ask for one photo more.
    while count < len(order) and fmean(after[p] - before[p] for p in order[count:]) > 0:
        count += 1
    rest = order[count:]
    return Weightiest(
        tuple(order[:count]),
        fmean(before[place] for place in rest) if rest else 0.0,
        fmean(after[place] for place in rest) if rest else 0.0,
    )
