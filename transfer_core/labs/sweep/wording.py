"""A sweep's conclusion in plain sentences, each following from measured figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from transfer_core.labs.sweep.settings import HEAD, depth_words
from transfer_core.labs.sweep.verdict import DepthResult, Duel, Verdict
from transfer_core.stats.paired import LEAST_CHANGED, SIGNIFICANT

__all__ = ["Untried", "conclude", "photos_needed"]

_STEPS = (1.96 + 0.84) ** 2  # for significance at 5 % four times out of five


@dataclass(frozen=True)
class Untried:
    """A depth there was no time for."""

    name: str
    seconds: float
    """That one trial of it would take."""


def photos_needed(duel: Duel) -> int | None:
    """Photos on which a difference like this, if it is real, would be significant four times out of five.

    From the normal approximation of McNemar's test (Connor 1987); None when there is no difference at all.
    """
    if duel.fixed == duel.broken:
        return None
    return ceil(duel.photos * _STEPS * (duel.fixed + duel.broken) / (duel.fixed - duel.broken) ** 2)


def conclude(
    verdict: Verdict, trials: Sequence[dict[str, Any]], untried: Sequence[Untried] | None, minutes: float
) -> str:
    """What to do, why, and how sure that is.

    Args:
        verdict: what the trials say.
        trials: as in the result.
        untried: depths that were asked for but did not fit; None while the sweep goes on.
        minutes: the budget.
    """
    if untried is None and len(verdict.results) == 1:
        words = [f"So far, the head alone gets {_accuracy(verdict.result(HEAD))}. Deeper cuts come next."]
    elif len(verdict.results) == 1:
        words = [_head_only(verdict.result(HEAD), untried or (), minutes)]
    else:
        words = ["So far:"] if untried is None else []
        words += [_advice(verdict), *_unmoved(trials)]
        if untried:
            few = f"{len(untried)} deeper cuts" if len(untried) > 1 else f"Training {depth_words(untried[0].name)}"
            words.append(f"{few} did not fit into {_minutes(minutes)}.")
    most = max(result.photos for result in verdict.results)
    if most < LEAST_CHANGED:
        words.append(
            f"With {_photos(most)} to measure on, no difference can be significant: that takes {LEAST_CHANGED} at the "
            "very least, and some hundred for small differences."
        )
    return " ".join(words)


def _head_only(head: DepthResult, untried: Sequence[Untried], minutes: float) -> str:
    said = f"The head alone gets {_accuracy(head)}"
    if not untried:
        return f"{said}; no depth was tried besides."
    first = untried[0]
    needed = max(0.1, ceil((minutes * 60 + 1.2 * first.seconds) / 6) / 10)
    return (
        f"The budget of {_minutes(minutes)} was enough for the head alone, so there is nothing to compare: it gets "
        f"{_accuracy(head)}. Training {depth_words(first.name)} would take about {max(1, round(first.seconds))} s "
        f"more: give it {needed:g} minutes or longer."
    )


def _advice(verdict: Verdict) -> str:
    advised, best = verdict.result(verdict.recommended), verdict.result(verdict.best)
    others = len(verdict.results) - 1
    start = "Train the head alone" if advised.name == HEAD else f"Fine-tune {depth_words(advised.name)}"
    said = f"{start}: it gets {_accuracy(advised)}."
    if advised is best:
        if advised.name == HEAD:
            deeper = f"none of the {others} deeper cuts" if others > 1 else "the deeper cut"
            said += f" Of the depths tried, {deeper} did {'no ' if others == 1 else ''}better on the same photos."
    else:
        duel = verdict.duels[advised.name]
        said += (
            f" The best of the {others + 1} depths tried, {depth_words(best.name)}, fixes {duel.fixed} of the same "
            f"{_photos(duel.photos)} and breaks {duel.broken} ({_p(verdict, advised.name)}): "
            "the difference is within noise"
        )
        needed = photos_needed(duel)
        said += f", and about {_round(needed)} photos would be needed to show it, if it is real." if needed else "."
    if advised.name != HEAD:
        duel = verdict.duels[HEAD]
        said += (
            f" The head alone is worse than {depth_words(best.name)}: {duel.fixed} photos fixed, {duel.broken} broken "
            f"of {duel.photos} ({_p(verdict, HEAD)})."
        )
    return said


def _unmoved(trials: Sequence[dict[str, Any]]) -> list[str]:
    """Whether all of fine-tuning ended with the head it had begun with."""
    if any(trial["best_epoch"] for trial in trials if trial["train_from"] != HEAD):
        return []
    return [
        "In no training of deeper layers did an epoch lower the loss on photos not learned from, so all of them ended "
        "as they had begun, with the head alone."
    ]


def _accuracy(result: DepthResult) -> str:
    low, high = result.interval
    return f"{result.accuracy:.1%} of {_photos(result.photos)} right (95% interval {low:.1%} to {high:.1%})"


def _photos(count: int) -> str:
    return f"{count:,} photo{'s' * (count != 1)}"


def _minutes(minutes: float) -> str:
    return f"{minutes:g} minute{'s' * (minutes != 1)}"


def _p(verdict: Verdict, name: str) -> str:
    """The p-value of a duel; the corrected one too where the correction changes the verdict."""
    plain, corrected = verdict.duels[name].p_value, verdict.p_values[name]
    said = f"p {_number(plain)}"
    if plain < SIGNIFICANT <= corrected:
        said += f", {_number(corrected).removeprefix('= ')} when corrected for {len(verdict.duels)} comparisons"
    return said


def _number(p: float) -> str:
    return f"= {p:.2f}" if p >= 0.01 else f"= {p:.3f}" if p >= 0.001 else "< 0.001"


def _round(number: int) -> str:
    """To two digits: it is a rough figure."""
    digits = max(0, len(str(number)) - 2)
    return f"{round(number, -digits):,}"
