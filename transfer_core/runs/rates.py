"""Learning rates: that of each step of a phase, a warning of one that is far too high, and what to try after it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from transfer_core.runs.checks import plain_number
from transfer_core.runs.config import PhaseConfig, RunConfig, TuningConfig, fine_tuning_rate
from transfer_core.text import Sentence

__all__ = ["PLATEAU_EPOCHS", "PLATEAU_FACTOR", "RateSchedule", "far_rates", "lower_rate"]

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


_CLEARLY = 3.0
"""A rate is clearly lower from this factor on."""
_FAR, _FAR_SGD = 50.0, 500.0
"""A rate is far above the default from this factor on; plain SGD takes larger ones than Adam and RMSprop."""


def lower_rate(phase: str, rate: float, photos: int, found: float | None = None) -> str:
    """The learning rate to try after one that was too high: a decimal such as 0.00001.

    The default of the phase, where so many photos teach, or what the search for a rate suggests where that is lower; a
    tenth of `rate` where neither is clearly below it.
    """
    default = RunConfig().head.rate if phase == "head" else fine_tuning_rate(photos)
    known = min(default, found or default)
    return plain_number(known if known <= rate / _CLEARLY else rate / 10, digits=1)


def far_rates(config: RunConfig, photos: int) -> list[Sentence]:
    """A warning of each learning rate that is far above its default, before anything is trained with it.

    Args:
        config: as chosen.
        photos: to learn from.
    """
    config, usual = config.for_photos(photos), RunConfig().for_photos(photos)
    said = []
    for name, phase, default in (
        (Sentence("the head"), config.head, usual.head),
        *([(Sentence("fine-tuning"), config.fine_tune, usual.fine_tune)] if config.fine_tunes else []),
    ):
        times = phase.rate / default.rate
        if times >= (_FAR_SGD if config.fit.optimizer == "sgd" else _FAR):
            said.append(
                Sentence(
                    "The learning rate of {phase} is {rate}, about {times:,.0f} times the default of {default}. Steps "
                    "so large overshoot: the loss will probably grow instead of falling.",
                    phase=name,
                    rate=plain_number(phase.rate),
                    times=times,
                    default=plain_number(default.rate),
                )
            )
    return said
