"""The minutes a sweep may take, by a clock that can be given: what is spent, and when a trial must end."""

from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["TimeBudget"]

_OVERDRAFT = 1.05  # share of the budget at which a trial that takes longer than expected is broken off


@dataclass
class TimeBudget:
    """The budget and what is left of it."""

    budget: float
    """Seconds."""
    clock: Callable[[], float]
    """Seconds, from any start."""
    before: float = 0.0
    """Seconds spent by an earlier go of the same experiment."""
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.clock()

    @property
    def spent(self) -> float:
        """Seconds, all goes together."""
        return self.before + self.clock() - self.began

    @property
    def overdrawn(self) -> bool:
        """Whether even the margin is used up."""
        return self.spent > _OVERDRAFT * self.budget

    @property
    def share(self) -> float:
        """Share of this go that is over, in 0..1, if it takes all that was left of the budget."""
        return min(1.0, (self.spent - self.before) / max(self.budget - self.before, 1e-9))
