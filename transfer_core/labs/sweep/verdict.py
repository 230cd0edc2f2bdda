"""What a sweep's trials say: accuracy by depth, the Pareto front, and the shallowest depth as good as the best."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from transfer_core.labs.sweep.schedule import Trial, chosen_rates
from transfer_core.labs.sweep.settings import HEAD, alone
from transfer_core.stats.intervals import wilson
from transfer_core.stats.paired import SIGNIFICANT, PairedComparison

__all__ = ["DepthResult", "Verdict", "front", "judge", "key", "results"]


@dataclass(frozen=True)
class DepthResult:
    """All trials of one depth with the rate that was chosen for it."""

    name: str
    rate: float
    trainable_parameters: int
    seconds: float
    """Median over its trials: head and fine-tuning, features not counted."""
    right: dict[int, str]
    """By repeat: 1 for each photo measured that it got right and 0 for each other, in the order of the manifest."""

    @property
    def photos(self) -> int:
        """Photos measured, each once."""
        return sum(map(len, self.right.values()))

    @property
    def hits(self) -> int:
        """Those it got right."""
        return sum(answers.count("1") for answers in self.right.values())

    @property
    def accuracy(self) -> float:
        """Share of the photos that it got right."""
        return self.hits / self.photos

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the accuracy."""
        return wilson(self.hits, self.photos)


@dataclass(frozen=True)
class Verdict:
    """The depths against each other."""

    results: tuple[DepthResult, ...]
    """In the order of `results`."""
    gains: dict[str, float]
    """Accuracy less that of the head alone on the same photos."""
    best: str
    """The depth that leads, see `judge`."""
    recommended: str
    """The shallowest depth that is not significantly worse than the best."""
    pairs: dict[str, PairedComparison]
    """Each depth but the best against the best, on the photos both were measured on."""
    p_values: dict[str, float]
    """Of the pairs, corrected for their number by Holm 1979."""

    @property
    def behind(self) -> frozenset[str]:
        """Depths that are significantly worse than the best."""
        return frozenset(name for name, p in self.p_values.items() if p < SIGNIFICANT)

    def result(self, name: str) -> DepthResult:
        """The result of one depth."""
        return next(result for result in self.results if result.name == name)


def key(trial: dict[str, Any]) -> Trial:
    """Which trial an entry of `trials` tells of."""
    return Trial(trial["train_from"], trial["rate"], trial["repeat"])


def results(trials: Sequence[dict[str, Any]]) -> tuple[DepthResult, ...]:
    """Gather the trials by depth, each with its chosen rate, from the least that trains to the most; stages that were
    trained by themselves come last, for they are not less of what the others are."""
    rates = chosen_rates({key(trial): trial["choice_loss"] for trial in trials})
    found = []
    for name, rate in rates.items():
        mine = [trial for trial in trials if trial["train_from"] == name and trial["rate"] == rate]
        seconds = statistics.median(trial["seconds"] for trial in mine)
        right = {trial["repeat"]: trial["right"] for trial in mine}
        found.append(DepthResult(name, rate, mine[0]["trainable_parameters"], seconds, right))
    return tuple(sorted(found, key=lambda result: (alone(result.name) is not None, result.trainable_parameters)))


def paired(one: DepthResult, other: DepthResult) -> PairedComparison:
    """Compare two depths photo by photo, in the repeats that both were measured in."""
    repeats = sorted(one.right.keys() & other.right.keys())
    first, second = ([int(hit) for repeat in repeats for hit in depth.right[repeat]] for depth in (one, other))
    return PairedComparison.of(first, second)


def judge(trials: Sequence[dict[str, Any]]) -> Verdict:
    """Find the best depth and the shallowest that is as good, as far as the photos can tell.

    Depths may have been measured on different photos, so they are compared on those that both were measured on: from
    the head on, a deeper one takes the lead if it fixes more photos of the leader than it breaks. Measured on the same
    photos, the best is so the one with the highest accuracy, at a draw the shallowest. It was picked because it looked
    best, so the tests against it are corrected for their number (Holm 1979), which errs on the side of the shallower.

    Args:
        trials: as in the result; one of the head alone for every repeat there is.
    """
    found = results(trials)
    head = next(result for result in found if result.name == HEAD)
    gains = {result.name: paired(head, result).gain for result in found}
    best = head
    for result in found:
        if paired(best, result).gain > 0:
            best = result
    pairs = {result.name: paired(result, best) for result in found if result.name != best.name}
    p_values = _holm({name: pair.p_value for name, pair in pairs.items()})
    recommended = next(result.name for result in found if p_values.get(result.name, 1.0) >= SIGNIFICANT)
    return Verdict(found, gains, best.name, recommended, pairs, p_values)


def _holm(p_values: dict[str, float]) -> dict[str, float]:
    """Correct for several tests (Holm 1979): the smallest p-value times their number, the next times one less, ..."""
    corrected: dict[str, float] = {}
    highest = 0.0
    for rank, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[name]))
        corrected[name] = highest
    return corrected


def front(verdict: Verdict, costs: Sequence[str] = ("seconds", "trainable_parameters")) -> frozenset[str]:
    """The Pareto front: depths that no other one beats in accuracy and every cost, or in one and draws in the others.

    Accuracy is compared on the photos that both were measured on.

    Args:
        verdict: what `judge` gave.
        costs: fields of `DepthResult`, the less the better.
    """

    def beats(one: DepthResult, other: DepthResult) -> bool:
        better = [paired(other, one).gain, *(getattr(other, cost) - getattr(one, cost) for cost in costs)]
        return all(value >= 0 for value in better) and any(value > 0 for value in better)

    found = verdict.results
    return frozenset(one.name for one in found if not any(beats(other, one) for other in found))
