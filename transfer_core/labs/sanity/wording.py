"""What the sanity check found, in words that follow from its figures alone."""

import math
from collections.abc import Mapping
from typing import Any

from transfer_core.labs.sanity.settings import TOLERANCE
from transfer_core.stats.paired import SIGNIFICANT
from transfer_core.text import Sentence, joined, plural

__all__ = ["conclude", "how_sure"]


def conclude(result: Mapping[str, Any]) -> Sentence:
    """One sentence to remember; of what is there, where the result is not complete."""
    loss, logit = result["max_loss_difference"], result["max_logit_difference"]
    if loss is None or logit is None:
        if result.get("bottleneck", {}).get("diverged"):
            return Sentence("The learning rate was too high to compare anything: choose a lower one.")
        return Sentence("Nothing has been compared yet.")
    if max(loss, logit) > TOLERANCE:
        return Sentence("Saved features and a frozen base should learn the same, but with this base they do not.")
    apart = _by_size(result["variants"])
    if not apart:
        return Sentence(
            "Saved features and a frozen base learn exactly the same."
            if loss == logit == 0
            else "Saved features and a frozen base learn the same, but for rounding."
        )
    values = {"mistake": apart[0]["title"]}
    if len(result["variants"]) == 1:
        return Sentence(
            "Saved features and a frozen base learn exactly the same; what breaks it is {mistake}."
            if loss == logit == 0
            else "Saved features and a frozen base learn the same, but for rounding; what breaks it is {mistake}.",
            **values,
        )
    return Sentence(
        "Saved features and a frozen base learn exactly the same; what breaks it most is {mistake}."
        if loss == logit == 0
        else "Saved features and a frozen base learn the same, but for rounding; what breaks it most is {mistake}.",
        **values,
    )


def how_sure(result: Mapping[str, Any]) -> Sentence:
    """What a result, complete or not, says in figures."""
    variants = result["variants"]
    parts = [*_equality(result), *_mistakes(variants), *_harmless(variants), *_accuracy(result)]
    return joined(parts) if parts else Sentence("Nothing has been compared yet.")


def _equality(result: Mapping[str, Any]) -> list[Sentence]:
    loss, logit, epochs = result["max_loss_difference"], result["max_logit_difference"], result["epochs"]
    if loss is None or logit is None:
        if not result.get("bottleneck", {}).get("diverged"):
            return []
        return [
            Sentence(
                "The training on saved features lost its loss: it became too large for a number. Choose a lower "
                "learning rate and start again."
            )
        ]
    if loss == logit == 0:
        return [
            plural(
                "Training a new layer on saved features and training the whole network with its base frozen are the "
                "same: every loss of the one epoch and every answer at the end is equal to the last bit.",
                "Training a new layer on saved features and training the whole network with its base frozen are the "
                "same: every loss over {n} epochs and every answer at the end is equal to the last bit.",
                epochs,
            )
        ]
    if max(loss, logit) <= TOLERANCE:
        return [
            Sentence(
                "Training a new layer on saved features and training the whole network with its base frozen are the "
                "same but for rounding: losses and answers differ by at most {most:.1g}.",
                most=max(loss, logit),
            )
        ]
    return [
        Sentence(
            "Training on saved features and training with a frozen base should be the same, but here the losses differ "
            "by up to {loss:.2g} and the answers by {logit:.2g}: something in this base depends on more than the "
            "photo.",
            loss=loss,
            logit=logit,
        )
    ]


def _mistakes(variants: Mapping[str, Mapping[str, Any]]) -> list[Sentence]:
    apart = _by_size(variants)
    if not apart:
        return []
    values = {"title": apart[0]["title"], "apart": _apart(apart[0])}
    if len(variants) == 1:
        return [Sentence("One mistake breaks this: {title} ({apart}).", **values)]
    return [
        Sentence(
            "{n} of {variants} classic mistakes break this, most of all {title} ({apart}).",
            n=len(apart),
            variants=len(variants),
            **values,
        )
    ]


def _harmless(variants: Mapping[str, Mapping[str, Any]]) -> list[Sentence]:
    titles = [found["title"] for found in variants.values() if found["agrees"]]
    return [Sentence("With this base nothing changes by: {titles}.", titles=titles)] if titles else []


def _by_size(variants: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The mistakes that changed anything, the one that changed most first."""
    return sorted((found for found in variants.values() if not found["agrees"]), key=_size, reverse=True)


def _size(found: Mapping[str, Any]) -> float:
    difference = found["max_loss_difference"]
    return math.inf if difference is None else float(difference)


def _apart(found: Mapping[str, Any]) -> Sentence:
    difference = found["max_loss_difference"]
    if found["diverged"] or difference is None:
        return Sentence("the loss was lost")
    return Sentence("loss up to {difference:.2g} apart", difference=difference)


def _accuracy(result: Mapping[str, Any]) -> list[Sentence]:
    """What the mistakes do to the answers for new photos, as far as so few can tell."""
    apart = {name: found for name, found in result["variants"].items() if not found["agrees"]}
    if not apart or "bottleneck" not in result:
        return []
    # Each mistake is a question of its own, so nothing is corrected for their number.
    worse = [found for found in apart.values() if found["p_value"] < SIGNIFICANT and found["broken"] > found["fixed"]]
    photos = result["photos"]["validation"]
    if not worse:
        return [
            Sentence(
                "Whether they cost accuracy can't be told from {photos} photos: all differences are within noise."
                if len(apart) > 1
                else "Whether it costs accuracy can't be told from {photos} photos: the difference is within noise.",
                photos=photos,
            )
        ]
    worse.sort(key=lambda found: found["val_accuracy"])
    return [
        Sentence(
            "Of {photos} new photos {right} are right without a mistake, and beyond chance fewer are: {fewer}.",
            photos=photos,
            right=round(photos * result["bottleneck"]["val_accuracy"]),
            fewer=[
                Sentence("{right} with {title}", right=round(photos * found["val_accuracy"]), title=found["title"])
                for found in worse
            ],
        )
    ]
