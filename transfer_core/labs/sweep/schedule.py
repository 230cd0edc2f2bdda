"""Which trial comes next within a budget: a first look at every depth, cheapest first, then repeats, then the rest."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from transfer_core.labs.sweep.settings import HEAD, Depth, Settings

__all__ = ["LOOK_SHARE", "SweepState", "Trial", "chosen_rates", "forecast", "next_trial"]

LOOK_SHARE = 0.5
"""Share of the budget that the first look may take; the rest is for repeats, which narrow the intervals."""


@dataclass(frozen=True)
class Trial:
    """One training."""

    depth: str
    """Name of a `Depth`."""
    rate: float
    """Of fine-tuning; for HEAD, the head's."""
    repeat: int
    """Which photos it is measured on; also what its seed is counted from."""


@dataclass(frozen=True)
class SweepState:
    """Where a sweep stands."""

    done: Mapping[Trial, float]
    """Trials that ended, with the loss on the photos that choose the epoch."""
    spent: float
    """Seconds of the budget that are gone."""
    seconds: Mapping[str, float]
    """Seconds that a trial of each depth takes if no epoch is spared."""
    repeats: int
    """How many there can be."""
    behind: Collection[str] = field(default_factory=frozenset)
    """Depths that are significantly worse than the best: no more time goes into them."""


def chosen_rates(done: Mapping[Trial, float]) -> dict[str, float]:
    """The rate of each depth with the lowest loss in the first repeat, on photos that are not measured; at a draw the
    one tried first."""
    best: dict[str, tuple[float, float]] = {}
    for trial, loss in done.items():
        if trial.repeat == 0 and (trial.depth not in best or loss < best[trial.depth][0]):
            best[trial.depth] = (loss, trial.rate)
    return {depth: rate for depth, (_, rate) in best.items()}


def next_trial(order: Sequence[str], settings: Settings, sweep: SweepState) -> Trial | None:
    """The trial to do now, or None when nothing more fits or all is done.

    1. The head alone, whatever the budget.
    2. A first look at each depth, cheapest first, as long as it ends within LOOK_SHARE of the budget (the very first
       may take all of it): at the cheapest with every rate, at each other with the rate that did best at the one
       before; then the rates that are left.
    3. Repeats of the depths that are not `behind`, each with the rate that did best, round by round, cheapest first.
       The head alone is repeated only where another depth can follow, for it is there to be compared.
    4. With what is left, depths and rates that the first look had no time for.

    Args:
        order: names of the depths, HEAD first, cheapest first.
        settings: budget and rates.
        sweep: what is done and what things cost.
    """
    budget, done = settings.budget * 60, sweep.done

    def fits(trial: Trial, share: float = 1.0, besides: float = 0.0) -> bool:
        return trial not in done and sweep.spent + besides + sweep.seconds[trial.depth] <= share * budget

    start = Trial(HEAD, settings.head.rate, 0)
    if start not in done:
        return start
    share = LOOK_SHARE if any(trial.depth != HEAD for trial in done) else 1.0
    rates = chosen_rates(done)
    looks = _looks([name for name in order if name != HEAD], settings.rates, rates)
    racing = [name for name in order if name in rates and name not in sweep.behind]
    repeats = []
    for repeat in range(1, sweep.repeats):
        round_ = [Trial(name, rates[name], repeat) for name in racing]
        followed = any(fits(trial, besides=sweep.seconds[HEAD]) for trial in round_ if trial.depth != HEAD)
        repeats += [trial for trial in round_ if trial.depth != HEAD or followed or len(rates) == 1]
    # Once a depth is repeated, its rate stands: another one would make its repeats worthless.
    repeated = {trial.depth for trial in done if trial.repeat}
    late = [trial for trial in looks if trial.depth not in repeated and trial.depth not in sweep.behind]
    for trials, most in ((late, share), (repeats, 1.0), (late, 1.0)):
        for trial in trials:
            if fits(trial, most):
                return trial
    return None


def _looks(names: Sequence[str], rates: Sequence[float], chosen: Mapping[str, float]) -> list[Trial]:
    """The first look, in order."""
    first, best = [Trial(name, rate, 0) for name in names[:1] for rate in rates], rates[0]
    for before, name in itertools.pairwise(names):
        best = chosen.get(before, best)
        first.append(Trial(name, best, 0))
    return list(dict.fromkeys([*first, *(Trial(name, rate, 0) for rate in rates for name in names)]))


def forecast(depths: Sequence[Depth], settings: Settings, repeats: int) -> list[Trial]:
    """The trials that probably fit, if every epoch is needed and nothing is cached yet."""
    order = [depth.name for depth in depths]
    seconds = {depth.name: depth.seconds for depth in depths}
    spent, done = depths[0].features_seconds, dict[Trial, float]()
    while trial := next_trial(order, settings, SweepState(done, spent, seconds, repeats)):
        done[trial] = 0.0
        spent += seconds[trial.depth]
    return list(done)
