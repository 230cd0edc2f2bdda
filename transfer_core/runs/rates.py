"""Learning rates that are too high: a warning before the training, and what to try after it."""

from transfer_core.runs.checks import plain_number
from transfer_core.runs.config import RunConfig, fine_tuning_rate
from transfer_core.text import Sentence

__all__ = ["far_rates", "lower_rate"]

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
