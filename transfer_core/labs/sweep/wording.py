"""A sweep's conclusion in plain sentences, each following from measured figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from transfer_core.labs.sweep.settings import HEAD, alone, depth_words
from transfer_core.labs.sweep.verdict import DepthResult, Verdict
from transfer_core.stats.paired import LEAST_CHANGED, SIGNIFICANT, PairedComparison
from transfer_core.text import Sentence, all_of, joined, plural

__all__ = ["Untried", "conclude", "how_sure", "photos_needed"]

_STEPS = (1.96 + 0.84) ** 2  # for significance at 5 % four times out of five


@dataclass(frozen=True)
class Untried:
    """A depth there was no time for."""

    name: str
    seconds: float
    """That one trial of it would take."""


def photos_needed(pair: PairedComparison) -> int | None:
    """Photos on which a difference like this, if it is real, would be significant four times out of five.

    From the normal approximation of McNemar's test (Connor 1987); None when there is no difference at all.
    """
    if pair.fixed == pair.broken:
        return None
    return ceil(pair.photos * _STEPS * (pair.fixed + pair.broken) / (pair.fixed - pair.broken) ** 2)


def conclude(verdict: Verdict, complete: bool) -> Sentence:
    """One sentence to remember.

    Args:
        verdict: what the trials say.
        complete: whether the sweep has ended.
    """
    words = _short(verdict)
    return words if complete else Sentence("So far: {words}", words=words)


def _short(verdict: Verdict) -> Sentence:
    if len(verdict.results) == 1:
        return Sentence("Only the head alone was tried, so there is nothing to compare.")
    if verdict.recommended != HEAD:
        return Sentence(
            "Fine-tune {depth}: it is right more often than the head alone, and that is no chance.",
            depth=depth_words(verdict.recommended),
        )
    if verdict.best == HEAD:
        if len(verdict.results) == 2:
            return Sentence(
                "Train the head alone: training {depth}, the only other way tried, did no better.",
                depth=depth_words(verdict.results[-1].name),
            )
        return Sentence("Train the head alone: training deeper did no better.")
    return Sentence("Train the head alone: training deeper did a little better, but that may be chance.")


def how_sure(
    verdict: Verdict, trials: Sequence[dict[str, Any]], untried: Sequence[Untried] | None, minutes: float
) -> Sentence:
    """What to do, why, and how sure that is, in figures.

    Args:
        verdict: what the trials say.
        trials: as in the result.
        untried: depths that were asked for but did not fit; None while the sweep goes on.
        minutes: the budget.
    """
    if len(verdict.results) == 1:
        head = _accuracy(verdict.result(HEAD))
        words = [
            Sentence("So far, the head alone gets {accuracy}. Deeper cuts come next.", accuracy=head)
            if untried is None
            else _head_only(head, untried, minutes)
        ]
    else:
        words = [Sentence("So far:")] if untried is None else []
        words += [*_advice(verdict), *_surgical(verdict), *_unmoved(trials)]
        if untried:
            words.append(_untried(untried, minutes))
    most = max(result.photos for result in verdict.results)
    if most < LEAST_CHANGED:
        words.append(
            Sentence(
                "With {photos} to measure on, no difference can be significant: that takes {least} at the very least, "
                "and some hundred for small differences.",
                photos=_photos(most),
                least=LEAST_CHANGED,
            )
        )
    return joined(words)


def _head_only(accuracy: Sentence, untried: Sequence[Untried], minutes: float) -> Sentence:
    if not untried:
        return Sentence("The head alone gets {accuracy}; no depth was tried besides.", accuracy=accuracy)
    first = untried[0]
    return Sentence(
        "The budget of {budget} was enough for the head alone, so there is nothing to compare: it gets {accuracy}. "
        "Training {depth} would take about {seconds} s more: give it {needed:g} minutes or longer.",
        budget=_minutes(minutes),
        accuracy=accuracy,
        depth=depth_words(first.name),
        seconds=max(1, round(first.seconds)),
        needed=max(0.1, ceil((minutes * 60 + 1.2 * first.seconds) / 6) / 10),
    )


def _untried(untried: Sequence[Untried], minutes: float) -> Sentence:
    if len(untried) > 1:
        return Sentence("{n} others did not fit into {budget}.", n=len(untried), budget=_minutes(minutes))
    return Sentence(
        "Training {depth} did not fit into {budget}.", depth=depth_words(untried[0].name), budget=_minutes(minutes)
    )


def _advice(verdict: Verdict) -> list[Sentence]:
    advised, best = verdict.result(verdict.recommended), verdict.result(verdict.best)
    accuracy, deeper = _accuracy(advised), len(verdict.results) - 1
    if advised.name == HEAD:
        words = [Sentence("Train the head alone: it gets {accuracy}.", accuracy=accuracy)]
    else:
        words = [Sentence("Fine-tune {depth}: it gets {accuracy}.", depth=depth_words(advised.name), accuracy=accuracy)]
    if advised is not best:
        words.append(_within_noise(verdict, advised.name))
    elif advised.name == HEAD:
        words.append(
            plural(
                "The other one that was tried did no better on the same photos.",
                "None of the {n} others that were tried did better on the same photos.",
                deeper,
            )
        )
    if advised.name != HEAD:
        pair = verdict.pairs[HEAD]
        words.append(
            Sentence(
                "The head alone is worse than {best}: {fixed} photos fixed, {broken} broken of {photos} ({p}).",
                best=depth_words(best.name),
                fixed=pair.fixed,
                broken=pair.broken,
                photos=pair.photos,
                p=_p(verdict, HEAD),
            )
        )
    return words


def _surgical(verdict: Verdict) -> list[Sentence]:
    """What single stages gave, next to the head."""
    found = [result for result in verdict.results if alone(result.name)]
    if not found:
        return []
    each = [
        Sentence("{stage} {points:+.1f} points", stage=alone(result.name), points=100 * verdict.gains[result.name])
        for result in found
    ]
    return [
        Sentence(
            "A stage trained by itself, against the head alone: {each}. Early stages tend to help with photos that "
            "look unusual, such as blurred or oddly lit ones, and late stages with new kinds of things (Lee et al. "
            "2023).",
            each=all_of(each),
        )
    ]


def _within_noise(verdict: Verdict, name: str) -> Sentence:
    pair = verdict.pairs[name]
    needed = photos_needed(pair)
    values = {
        "tried": len(verdict.results),
        "best": depth_words(verdict.best),
        "fixed": pair.fixed,
        "photos": _photos(pair.photos),
        "broken": pair.broken,
        "p": _p(verdict, name),
    }
    if needed is None:
        return Sentence(
            "The best of the {tried} depths tried, {best}, fixes {fixed} of the same {photos} and breaks {broken} "
            "({p}): the difference is within noise.",
            **values,
        )
    return Sentence(
        "The best of the {tried} depths tried, {best}, fixes {fixed} of the same {photos} and breaks {broken} ({p}): "
        "the difference is within noise, and about {needed:,} photos would be needed to show it, if it is real.",
        **values,
        needed=_round(needed),
    )


def _unmoved(trials: Sequence[dict[str, Any]]) -> list[Sentence]:
    """Whether all of fine-tuning ended with the head it had begun with."""
    if any(trial["best_epoch"] for trial in trials if trial["train_from"] != HEAD):
        return []
    return [
        Sentence(
            "In no training of deeper layers did an epoch lower the loss on photos not learned from, so all of them "
            "ended as they had begun, with the head alone."
        )
    ]


def _accuracy(result: DepthResult) -> Sentence:
    low, high = result.interval
    return Sentence(
        "{accuracy:.1%} of {photos} right (95% interval {low:.1%} to {high:.1%})",
        accuracy=result.accuracy,
        photos=_photos(result.photos),
        low=low,
        high=high,
    )


def _photos(count: int) -> Sentence:
    return plural("{n:,} photo", "{n:,} photos", count)


def _minutes(minutes: float) -> Sentence:
    return plural("{n:g} minute", "{n:g} minutes", minutes)


def _p(verdict: Verdict, name: str) -> Sentence:
    """The p-value of a pair; the corrected one too where the correction changes the verdict."""
    plain, corrected = verdict.pairs[name].p_value, verdict.p_values[name]
    if plain < SIGNIFICANT <= corrected:
        return Sentence(
            "p {plain}, {corrected} when corrected for {n} comparisons",
            plain=_number(plain),
            corrected=_number(corrected).removeprefix("= "),
            n=len(verdict.pairs),
        )
    return Sentence("p {plain}", plain=_number(plain))


def _number(p: float) -> str:
    return f"= {p:.2f}" if p >= 0.01 else f"= {p:.3f}" if p >= 0.001 else "< 0.001"


def _round(number: int) -> int:
    """To two digits: it is a rough figure."""
    return round(number, -max(0, len(str(number)) - 2))
