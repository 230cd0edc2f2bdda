"""How far a measured share can be from the true one."""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist

from transfer_core.text import Sentence

__all__ = ["share_words", "wilson"]


def wilson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval (Wilson 1927) of a share; unlike the textbook one it holds for few trials and at 0 and 1.

    Args:
        successes: 0 to `trials`.
        trials: 0 or more; with none nothing is known: (0, 1).
        confidence: share of such intervals that hold the truth, in (0, 1).

    Returns:
        Lowest and highest plausible share, within 0..1.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials")
    if trials == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, spread = successes / trials, z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    # At the ends the exact bound is 0 or 1; rounding must not leave it a hair inside.
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return low, high


def share_words(share: float, interval: Sequence[float]) -> Sentence:
    """A share in 0..1 with its interval, for people: `96% (93 to 98%)`."""
    return Sentence("{share:.0%} ({low:.0f} to {high:.0%})", share=share, low=100 * interval[0], high=interval[1])
