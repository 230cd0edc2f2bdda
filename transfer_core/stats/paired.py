"""Whether two classifiers that answered the same photos differ by more than chance."""

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["LEAST_CHANGED", "SIGNIFICANT", "PairedComparison", "mcnemar"]

SIGNIFICANT = 0.05
"""A difference that chance alone makes less often than this counts as real, as is usual."""


def mcnemar(fixed: int, broken: int) -> float:
    """Exact two-sided McNemar test of two classifiers on the same photos.

    Photos that both get right, or both get wrong, say nothing about which is better. If neither is, each of the others
    is as likely to be fixed as broken, so their number follows a binomial distribution of one half. The p-value is
    twice the smaller tail, at most 1: McNemar 1947, in the exact form of Edwards 1948 and Dietterich 1998 (Neural
    Computation 10, who recommends the test for two classifiers that were each trained once). Integers throughout, so
    it is exact for any counts.

    Args:
        fixed: photos that the first gets wrong and the second right, 0 or more.
        broken: photos that the first gets right and the second wrong, 0 or more.

    Returns:
        The probability of a difference at least as large if neither is better, in (0, 1]; 1 with no such photos.
        It underflows to 0 only beyond a thousand photos that all point one way.

    Raises:
        ValueError: a count below 0.
    """
    if fixed < 0 or broken < 0:
        raise ValueError(f"{fixed} photos fixed and {broken} broken")
    trials = fixed + broken
    tail, term = 0, 1
    for count in range(min(fixed, broken) + 1):
        tail += term
        term = term * (trials - count) // (count + 1)
    return min(1.0, 2 * tail / (1 << trials))


LEAST_CHANGED = next(count for count in range(1, 100) if mcnemar(count, 0) < SIGNIFICANT)
"""With fewer photos fixed or broken the test can't call a difference real, even if all of them point the same way."""


@dataclass(frozen=True)
class PairedComparison:
    """Two classifiers on the same photos."""

    photos: int
    fixed: int
    """Photos that the first gets wrong and the second right."""
    broken: int
    """The other way round."""

    @classmethod
    def of(cls, first: Iterable[int], second: Iterable[int]) -> "PairedComparison":
        """Compare the answers of two classifiers to the same photos in the same order.

        Args:
            first: 1 or True for each photo the first gets right, 0 or False for each other.
            second: the same of the second.

        Raises:
            ValueError: not as many photos.
        """
        pairs = [(bool(one), bool(other)) for one, other in zip(first, second, strict=True)]
        return cls(len(pairs), pairs.count((False, True)), pairs.count((True, False)))

    @property
    def gain(self) -> float:
        """Accuracy of the second less that of the first."""
        return (self.fixed - self.broken) / self.photos if self.photos else 0.0

    @property
    def p_value(self) -> float:
        """Exact McNemar test."""
        return mcnemar(self.fixed, self.broken)

    @property
    def significant(self) -> bool:
        """Whether chance is an unlikely explanation."""
        return self.p_value < SIGNIFICANT
