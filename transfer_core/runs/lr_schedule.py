"""The learning rate at each step of a phase: warm-up, then constant, cosine or reduced on a plateau."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from transfer_core.runs.config import PhaseConfig, TuningConfig

__all__ = ["PLATEAU_EPOCHS", "PLATEAU_FACTOR", "RateSchedule"]

PLATEAU_EPOCHS = 3
"""Epochs in which nothing gets better before the rate is reduced: well below the patience of early stopping."""
PLATEAU_FACTOR = 0.2
"""What the rate is multiplied by then (Zagoruyko and Komodakis 2016 use the same step)."""


@dataclass(frozen=True)
class RateSchedule:
    """The rates of one phase. A pure function of the position and the validation losses, so a run that goes on after a
    break has exactly the rates it would have had without."""

    phase: PhaseConfig
    """Its `learning_rate` is the peak, reached at the end of warm-up."""
    tuning: TuningConfig
    steps: int
    """Batches an epoch."""

    @property
    def moves(self) -> bool:
        """Whether the rate is ever other than the peak."""
        return self.tuning.schedule != "constant" or self.tuning.warmup_epochs > 0

    def at(self, epoch: int, step: int, losses: Sequence[float] = ()) -> float:
        """The rate for one step.

        Warm-up climbs in a straight line and reaches the peak with its last step (Goyal et al. 2017). `cosine` then
        falls to nearly 0 over the rest of the phase, a little at each step (Loshchilov and Hutter 2017, one cycle
        without restarts). `plateau` is reduced after each `PLATEAU_EPOCHS` epochs without a lower loss;
        those of warm-up do not count.

        Args:
            epoch: counts from 0 in the phase.
            step: counts from 0 in the epoch.
            losses: those by which each earlier epoch of the phase was judged; only `plateau` looks at them.
        """
        peak, warmup = self.phase.rate, self.tuning.warmup_epochs * self.steps
        position = epoch * self.steps + step
        if position < warmup:
            return peak * ((position + 1) / warmup)
        match self.tuning.schedule:
            case "cosine":
                left = self.phase.epochs * self.steps - warmup
                return peak * (0.5 * (1 + math.cos(math.pi * (position - warmup) / left)))
            case "plateau":
                return peak * PLATEAU_FACTOR ** _plateaus(losses[self.tuning.warmup_epochs : epoch])
        return peak


def _plateaus(losses: Sequence[float]) -> int:
    """How many times the loss stood still for `PLATEAU_EPOCHS` epochs; after each the waiting begins anew."""
    best, waited, count = math.inf, 0, 0
    for loss in losses:
        if loss < best:
            best, waited = loss, 0
            continue
        waited += 1
        if waited == PLATEAU_EPOCHS:
            waited, count = 0, count + 1
    return count
