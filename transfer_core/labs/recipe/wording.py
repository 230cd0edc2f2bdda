"""What the recipe lab found, in words that follow from its figures alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from transfer_core.labs.recipe.settings import VARIANTS
from transfer_core.stats.intervals import share_words
from transfer_core.stats.paired import PairedComparison
from transfer_core.text import Sentence, joined, plural

__all__ = ["compared", "conclude", "findings", "how_sure"]

Found = Mapping[str, Mapping[str, Any]]

_APART = 0.05  # shares of photos that differ by more look different, whatever the test says
_ALIKE = 1.25  # ratios up to this are called the same
_FALLING = 0.98  # of the loss an epoch before: one that still falls by more than a fiftieth is going on


def compared(pair: PairedComparison) -> Sentence:
    """`a real gain (12 photos fixed, 2 broken)`, `within noise (3 photos fixed, 2 broken)`, or, where so few photos
    can't tell, `a loss that may be chance (0 photos fixed, 5 broken)`."""
    counts = plural(
        "{n} photo fixed, {broken} broken", "{n} photos fixed, {broken} broken", pair.fixed, broken=pair.broken
    )
    if not pair.significant and abs(pair.gain) > _APART:
        return Sentence(
            "a gain that may be chance ({counts})" if pair.gain > 0 else "a loss that may be chance ({counts})",
            counts=counts,
        )
    if not pair.significant:
        return Sentence("within noise ({counts})", counts=counts)
    return Sentence("a real gain ({counts})" if pair.fixed > pair.broken else "a real loss ({counts})", counts=counts)


_STEPS = ("feature_extraction", "augmented", "fine_tuned")
"""The recipe as it should be, step by step."""

_HARMFUL = ("skipped", "fine_tuned_fast", "skipped_fast")
"""The recipe with a step left out or a rate too high."""


def _harm(name: str, lost: int, photos: int) -> Sentence:
    values = {"lost": lost, "photos": photos}
    if name == "skipped":
        return Sentence(
            "Train the head first: without that step, {lost} more of {photos} photos came out wrong.", **values
        )
    if name == "fine_tuned_fast":
        return Sentence(
            "Fine-tune at a low rate: at a high one, {lost} more of {photos} photos came out wrong.", **values
        )
    return Sentence(
        "Train the head first, then fine-tune at a low rate: otherwise {lost} more of {photos} photos came out wrong.",
        **values,
    )


def conclude(variants: Found) -> Sentence:
    """One sentence to remember, for whatever variants there are."""
    taken = [name for name in _STEPS if name in variants]
    if not taken:
        return (
            Sentence("Without the recipe as it should be, there is nothing to hold the other ways against.")
            if variants
            else Sentence("Nothing has been measured yet.")
        )
    first, last = variants[taken[0]], variants[taken[-1]]
    for name in _HARMFUL if "fine_tuned" in variants else ():
        change = PairedComparison.of(last["right"], variants[name]["right"]) if name in variants else None
        if change and change.significant and change.broken > change.fixed:
            return _harm(name, change.broken - change.fixed, len(last["right"]))
    if len(taken) == 1:
        values = {"variant": VARIANTS[taken[0]].title, "share": last["val_accuracy"]}
        return Sentence("{variant}: {share:.0%} of new photos are right.", **values)
    change = PairedComparison.of(first["right"], last["right"])
    values = {"before": first["val_accuracy"], "after": last["val_accuracy"]}
    if not change.significant:
        return Sentence(
            "The steps after feature extraction made no real difference: {before:.0%} right before, {after:.0%} after."
            if taken[0] == "feature_extraction"
            else "Fine-tuning made no real difference: {before:.0%} right before, {after:.0%} after.",
            **values,
        )
    return Sentence(
        "The later steps helped: {before:.0%} of new photos were right before, {after:.0%} after."
        if change.fixed > change.broken
        else "The later steps did harm: {before:.0%} of new photos were right before, {after:.0%} after.",
        **values,
    )


def how_sure(variants: Found) -> Sentence:
    """The whole lab in figures, for whatever variants there are."""
    gains = [name for name in _STEPS if name in variants]
    others = [_beside(variants, gains, name) for name in (*_HARMFUL, "from_scratch") if name in variants]
    words = []
    if gains:
        parts = [Sentence("{variant} {share}", variant=_NAMES[name], share=_share(variants[name])) for name in gains]
        if len(gains) == 1:
            words.append(Sentence("Right on new photos: {parts}.", parts=parts))
        else:
            change = PairedComparison.of(variants[gains[0]]["right"], variants[gains[-1]]["right"])
            words.append(
                Sentence(
                    "Right on new photos: {parts}; from the first to the last of them that is {change}.",
                    parts=parts,
                    change=compared(change),
                )
            )
    if others:
        words.append(
            Sentence("For comparison: {others}.", others=others)
            if gains
            else Sentence("Right on new photos: {parts}.", parts=others)
        )
    return joined(words) if words else Sentence("Nothing has been measured yet.")


_NAMES = {
    "feature_extraction": Sentence("feature extraction"),
    "augmented": Sentence("with augmentation"),
    "fine_tuned": Sentence("fine-tuned"),
    "skipped": Sentence("with step 3 skipped"),
    "fine_tuned_fast": Sentence("fine-tuned too fast"),
    "skipped_fast": Sentence("step 3 skipped and too fast"),
    "from_scratch": Sentence("from scratch"),
}


def _beside(variants: Found, gains: Sequence[str], name: str) -> Sentence:
    """How a variant stands beside the recipe as it should be, or what of it there is."""
    values = {"variant": _NAMES[name], "share": variants[name]["val_accuracy"]}
    if not gains:
        return Sentence("{variant} {share:.0%}", **values)
    change = PairedComparison.of(variants[gains[-1]]["right"], variants[name]["right"])
    if change.significant:
        return Sentence(
            "{variant} {share:.0%} (really worse)"
            if change.broken > change.fixed
            else "{variant} {share:.0%} (really better)",
            **values,
        )
    apart = abs(change.fixed - change.broken) / len(variants[name]["right"])
    return Sentence(
        "{variant} {share:.0%} (too few photos to be sure)"
        if apart > _APART
        else "{variant} {share:.0%} (no real difference)",
        **values,
    )


def findings(variants: Found) -> list[Sentence]:
    """A sentence for each comparison the lab is made for."""
    found = []
    for first, second in (("feature_extraction", "augmented"), ("augmented", "fine_tuned")):
        if first in variants and second in variants:
            found.append(_gain(variants, first, second))
    for first, second in (("fine_tuned", "skipped"), ("fine_tuned_fast", "skipped_fast")):
        if first in variants and second in variants:
            found.append(_skip(variants, first, second))
    if "fine_tuned" in variants and "fine_tuned_fast" in variants:
        found.append(_rates(variants))
    if "from_scratch" in variants:
        found.append(_scratch(variants))
    return found


def _gain(variants: Found, first: str, second: str) -> Sentence:
    change = PairedComparison.of(variants[first]["right"], variants[second]["right"])
    seconds = variants[second]["seconds"] - variants[first]["seconds"]
    if seconds >= 1:
        cost = Sentence("It took {seconds:.0f} more seconds.", seconds=seconds)
    else:
        cost = Sentence("It took no more time.")
    values = {"before": _share(variants[first]), "after": _share(variants[second]), "change": compared(change)}
    gain = (
        Sentence("Augmentation took {before} to {after}: {change}.", **values)
        if second == "augmented"
        else Sentence("Fine-tuning after the head was trained took {before} to {after}: {change}.", **values)
    )
    return joined([gain, cost])


def _skip(variants: Found, first: str, second: str) -> Sentence:
    """Step 3 taken and skipped at the same rate: where the loss began, its peak, how far the base moved."""
    kept, left = variants[first], variants[second]
    values = {
        "rate": _rate(kept),
        "begin": kept["start"]["val_loss"],
        "begin_left": left["start"]["val_loss"],
        "peak": _peak(kept),
        "peak_left": _peak(left),
        "end": kept["val_loss"],
        "end_left": left["val_loss"],
    }
    words = [
        Sentence(
            "At the low rate ({rate}), the loss on new photos began at {begin:.2f} after step 3 and at "
            "{begin_left:.2f} without it, rose to at most {peak:.2f} and {peak_left:.2f}, and ended at {end:.2f} and "
            "{end_left:.2f}."
            if first == "fine_tuned"
            else "At the high rate ({rate}), the loss on new photos began at {begin:.2f} after step 3 and at "
            "{begin_left:.2f} without it, rose to at most {peak:.2f} and {peak_left:.2f}, and ended at {end:.2f} and "
            "{end_left:.2f}.",
            **values,
        )
    ]
    gradients = [item.get("first_gradient") or 0.0 for item in (kept, left)]
    if min(gradients) > 0:
        ratio = gradients[1] / gradients[0]
        words.append(
            Sentence("The first gradient that reached the base was about as long without step 3.")
            if _alike(ratio)
            else Sentence(
                "The first gradient that reached the base was {ratio:g} times as long without step 3.",
                ratio=_two_digits(ratio),
            )
        )
    words.append(
        Sentence(
            "The base moved by {kept} of its length after step 3 and by {left} without it.",
            kept=_part(kept["base_drift"]),
            left=_part(left["base_drift"]),
        )
    )
    if left["base_drift"] > _ALIKE * kept["base_drift"]:
        words.append(
            Sentence(
                "That is what step 3 spares it: the changes that an untrained head asks for undo what the base knew, "
                "and cost most on photos unlike those learned from (Kumar et al. 2022)."
            )
        )
    change = PairedComparison.of(kept["right"], left["right"])
    words.append(Sentence("In accuracy, skipping it was {change}.", change=compared(change)))
    if change.broken > change.fixed and _falling(left):
        words.append(Sentence("Its loss was still falling at the last epoch, so with more of them it may catch up."))
    return joined(words)


def _rates(variants: Found) -> Sentence:
    gentle, fast = variants["fine_tuned"], variants["fine_tuned_fast"]
    values = {
        "fast": _rate(fast),
        "gentle": _rate(gentle),
        "change": compared(PairedComparison.of(gentle["right"], fast["right"])),
    }
    if gentle["base_drift"] <= 0:
        return Sentence(
            "With all five steps, but the base at {fast} instead of {gentle}, in accuracy that was {change}.", **values
        )
    ratio = fast["base_drift"] / gentle["base_drift"]
    if _alike(ratio):
        return Sentence(
            "With all five steps, but the base at {fast} instead of {gentle}, the base moved about as far; in accuracy "
            "that was {change}.",
            **values,
        )
    return Sentence(
        "With all five steps, but the base at {fast} instead of {gentle}, the base moved {ratio:g} times as far; in "
        "accuracy that was {change}.",
        **values,
        ratio=_two_digits(ratio),
    )


def _scratch(variants: Found) -> Sentence:
    scratch = variants["from_scratch"]
    rivals = [name for name in ("fine_tuned", "augmented", "feature_extraction") if name in variants]
    values = {"share": _share(scratch), "seconds": scratch["seconds"]}
    if not rivals:
        return Sentence("From random weights the same network got to {share} in {seconds:.0f} seconds.", **values)
    return Sentence(
        "From random weights the same network got to {share} in {seconds:.0f} seconds: against {rival}, {change}.",
        **values,
        rival=_NAMES[rivals[0]],
        change=compared(PairedComparison.of(variants[rivals[0]]["right"], scratch["right"])),
    )


def _share(found: Mapping[str, Any]) -> Sentence:
    return share_words(found["val_accuracy"], found["interval"])


def _peak(found: Mapping[str, Any]) -> float:
    return max(float(step["val_loss"]) for step in (found["start"], *found["epochs"]))


def _falling(found: Mapping[str, Any]) -> bool:
    losses = [float(epoch["val_loss"]) for epoch in found["epochs"]]
    return len(losses) > 1 and losses[-1] == min(losses) < _FALLING * losses[-2]


def _rate(found: Mapping[str, Any]) -> str:
    return f"{found['learning_rate']:.12f}".rstrip("0").rstrip(".")


def _part(drift: float) -> Sentence:
    """A drift in percent, to two digits."""
    return Sentence("nothing") if drift == 0 else Sentence("{percent:g}%", percent=_two_digits(100 * drift))


def _alike(ratio: float) -> bool:
    return 1 / _ALIKE < ratio < _ALIKE


def _two_digits(number: float) -> float:
    return float(f"{number:.2g}")


assert set(_NAMES) == set(VARIANTS)
