"""What the depths of a probe say: the last block that matters, which cuts are worth trying, and how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transfer_core.labs.probe.settings import Depth
from transfer_core.stats.intervals import share_words, wilson
from transfer_core.stats.paired import SIGNIFICANT
from transfer_core.text import Sentence, Value, joined, plural

__all__ = ["ENOUGH", "Verdict", "conclude", "may_go_on", "photos_needed"]

_VISIBLE = 0.05
"""Shares of photos further apart than this look different in the chart, whatever the test says."""
ENOUGH = 0.1
"""Half the width of an interval beyond which the figures are called a hint: ten photos of a hundred either way."""


def may_go_on(depths: Sequence[Mapping[str, Any]], best: str | None) -> bool:
    """Whether blocks after the `best` of a probe look better in the chart, though chance could make that."""
    if best is None or depths[-1]["p_value"] < SIGNIFICANT:
        return False
    shares = {depth["block"]: depth["accuracy"] for depth in depths}
    return bool(max(shares.values()) - shares[best] > _VISIBLE)


@dataclass(frozen=True)
class Verdict:
    """What follows from the accuracies."""

    best: str | None
    """The last block that matters: the first whose accuracy is not significantly below the highest; None where no
    depth beats guessing, or where there are too few photos to tell any depths apart."""
    highest: str
    """The block with the most right answers (the first of several)."""
    train_from: str | None
    """The block after `best`: the deepest cut worth trying. None: all of the base counts, so the head alone."""
    worth: tuple[str, ...]
    """Blocks to train from, the deepest cut first."""
    not_worth: tuple[str, ...]
    """Blocks that are not worth training from, at least not first: they and all before them serve as they are."""
    conclusion: Sentence
    """One sentence to remember."""
    how_sure: Sentence
    """The same with its figures."""
    points: tuple[Sentence, ...]
    """What follows, a few sentences."""
    warnings: tuple[Sentence, ...]
    """Why the figures may be less sure than they look."""


def conclude(depths: Sequence[Depth], chance: float) -> Verdict:
    """Read the depths.

    A block after which the classes are as easy to tell apart as anywhere has built up what the photos need. Blocks up
    to it are still building; changing them risks what works, at the highest price of all cuts. Blocks after it are
    tuned to the thousand classes of ImageNet and bring these photos nothing: they are the ones to retrain, to leave
    out, or, where the end of the base is no worse, to leave alone.

    Args:
        depths: of one probe, in the order of the blocks; at least two.
        chance: accuracy of always answering the largest class, 0..1.
    """
    highest = max(depths, key=lambda depth: depth.correct)
    at = next(at for at, depth in enumerate(depths) if depth.p_value >= SIGNIFICANT)
    warnings = _warnings(highest)
    if _guesses(highest, chance, len(depths)):
        return _nothing(highest, chance, warnings)
    if at == 0 and warnings:
        return _blind(depths[0], highest, warnings)
    best, last, after = depths[at], depths[-1], [depth.block for depth in depths[at + 1 :]]
    before = [depth.block for depth in depths[: at + 1]]
    parts = (best.block, highest.block, after[0] if after else None)
    if not after:
        points = (
            _built(depths, at),
            Sentence(
                "This look rules no cut out: whether the last blocks get better still when they learn from your "
                "photos, only fine-tuning tells. The depth sweep tries it."
            ),
        )
        short = (
            Sentence("Perhaps every block of the network helps; there are too few photos to be sure.")
            if warnings
            else Sentence("Every block of the network helps with your photos: keep it whole, and train the head first.")
        )
        return Verdict(*parts, (), (), short, _to_the_end(best, bool(warnings)), points, warnings)
    lost = last.p_value < SIGNIFICANT
    climbs = not lost and highest.accuracy - best.accuracy > _VISIBLE
    values: dict[str, Value] = {"block": best.block, "share": _share(best), "after": after[0]}
    if lost:
        sentence = Sentence(
            "{block} is the last block that matters: after it {share} of the photos are recognized and at the end of "
            "the base only {end:.0%}, a real loss, so keep everything up to it frozen and fine-tune from {after} or "
            "later.",
            **values,
            end=last.accuracy,
        )
    elif best is highest:
        sentence = Sentence(
            "{block} is the last block that matters: after it {share} of the photos are recognized and no more at any "
            "depth, so keep everything up to it frozen and fine-tune from {after} or later, if at all.",
            **values,
        )
    elif climbs:
        sentence = Sentence(
            "After {block} {share} of the photos are recognized, and later at most {top:.0%}. With {n} photos that may "
            "be chance: if it is, keep everything up to {block} frozen and fine-tune from {after} or later; if not, "
            "the blocks up to {highest} count too.",
            **values,
            top=highest.accuracy,
            highest=highest.block,
            n=highest.photos,
        )
    else:
        sentence = Sentence(
            "{block} is the last block that matters: after it {share} of the photos are recognized, and later at most "
            "{top:.0%}, no real difference, so keep everything up to it frozen and fine-tune from {after} or later, "
            "if at all.",
            **values,
            top=highest.accuracy,
        )
    if warnings and not climbs:
        sentence = Sentence("Only a hint, as {n} photos are few: {said}", n=highest.photos, said=sentence)
    return Verdict(
        *parts,
        tuple(after),
        tuple(before),
        _in_short(values, lost, bool(warnings) or climbs),
        sentence,
        _points(depths, at, lost, highest.accuracy - best.accuracy if climbs else 0.0),
        warnings,
    )


def _in_short(values: Mapping[str, Value], lost: bool, unsure: bool) -> Sentence:
    if unsure:
        return Sentence(
            "Perhaps the network knows all it needs for your photos up to {block}; there are too few to be sure.",
            **values,
        )
    if lost:
        return Sentence(
            "Up to {block} the network knows what your photos need, and later it loses some of that.", **values
        )
    return Sentence("Up to {block} the network knows all it needs for your photos.", **values)


def _to_the_end(best: Depth, hint: bool) -> Sentence:
    values = {"block": best.block, "share": _share(best)}
    if hint:
        return Sentence(
            "Only a hint, as {n} photos are few: every block helps to the very end: after {block} {share} of the "
            "photos are recognized and nowhere before as many, so keep the whole base, train the head alone first, "
            "and unfreeze from the end only if that is not good enough.",
            n=best.photos,
            **values,
        )
    return Sentence(
        "Every block helps to the very end: after {block} {share} of the photos are recognized and nowhere before as "
        "many, so keep the whole base, train the head alone first, and unfreeze from the end only if that is not good "
        "enough.",
        **values,
    )


def photos_needed(share: float, half: float = ENOUGH) -> int:
    """How many photos it takes until the 95 % Wilson interval of a share is no wider than `half` either way."""
    low, high = 1, 2**20
    while low < high:
        middle = (low + high) // 2
        bottom, top = wilson(round(share * middle), middle)
        low, high = (low, middle) if (top - bottom) / 2 <= half else (middle + 1, high)
    return low


def _guesses(highest: Depth, chance: float, tries: int) -> bool:
    # The best of many depths looks good by luck alone: its interval is as wide as for that many tries (Bonferroni).
    return wilson(highest.correct, highest.photos, 1 - SIGNIFICANT / tries)[0] <= chance


def _nothing(highest: Depth, chance: float, warnings: tuple[Sentence, ...]) -> Verdict:
    sentence = Sentence(
        "At no depth are your photos recognized clearly better than by guessing: {share} at best, after {block}, where "
        "always naming the largest class gives {chance:.0%}.",
        share=_share(highest),
        block=highest.block,
        chance=chance,
    )
    points = (
        Sentence(
            "Look at the labels, and whether a person could tell the classes apart in these photos at their small size."
        ),
        Sentence("If so, this base does not hold what they need in a simple form: try another base, or more photos."),
    )
    short = Sentence("No part of this base tells your photos apart: look at their labels, or try another base.")
    return Verdict(None, highest.block, None, (), (), short, sentence, points, warnings)


def _blind(first: Depth, highest: Depth, warnings: tuple[Sentence, ...]) -> Verdict:
    values = {"photos": highest.photos, "first": first.block, "share": _share(first)}
    if first is highest:
        sentence = Sentence(
            "{photos} photos are too few to tell the depths apart: after {first}, the first block, {share} are "
            "recognized already, and nowhere more.",
            **values,
        )
    else:
        sentence = Sentence(
            "{photos} photos are too few to tell the depths apart: after {first}, the first block, {share} are "
            "recognized and after {highest} {most}: it may be chance.",
            **values,
            highest=highest.block,
            most=_share(highest),
        )
    short = plural(
        "{n} photo is too little to tell which blocks matter.",
        "{n} photos are too few to tell which blocks matter.",
        highest.photos,
    )
    return Verdict(None, highest.block, None, (), (), short, sentence, (), warnings)


def _points(depths: Sequence[Depth], at: int, lost: bool, climb: float) -> tuple[Sentence, ...]:
    best, after = depths[at], [depth.block for depth in depths[at + 1 :]]
    values = {
        "first": after[0],
        "last": after[-1],
        "millions": best.parameters_after / 1e6,
        "share": _share(depths[-1]),
    }
    if lost:
        tuned = plural(
            "The block after it ({first}), {millions:.2f} million parameters, has lost some of it: made for the "
            "classes of ImageNet. A head on the frozen base sees only what is left, {share}; fine-tuning from {first} "
            "or later can win it back.",
            "The {n} blocks after it ({first} to {last}), {millions:.2f} million parameters, have lost some of it: "
            "made for the classes of ImageNet. A head on the frozen base sees only what is left, {share}; fine-tuning "
            "from {first} or later can win it back.",
            len(after),
            **values,
        )
    elif climb:
        tuned = plural(
            "The block after it ({first}), {millions:.2f} million parameters, brings your photos {points:.0f} points "
            "more, which may be chance. It is what fine-tuning may change; but the head alone, on the end of the base, "
            "is a good first try: {share}.",
            "The {n} blocks after it ({first} to {last}), {millions:.2f} million parameters, bring your photos at most "
            "{points:.0f} points more, which may be chance. They are what fine-tuning may change; but the head alone, "
            "on the end of the base, is a good first try: {share}.",
            len(after),
            **values,
            points=100 * climb,
        )
    else:
        tuned = plural(
            "The block after it ({first}), {millions:.2f} million parameters, is made for the classes of ImageNet and "
            "brings your photos nothing that shows here. It is what fine-tuning may change; but the head alone is a "
            "good first try, as the end of the base is no worse: {share}.",
            "The {n} blocks after it ({first} to {last}), {millions:.2f} million parameters, are made for the classes "
            "of ImageNet and bring your photos nothing that shows here. They are what fine-tuning may change; but the "
            "head alone is a good first try, as the end of the base is no worse: {share}.",
            len(after),
            **values,
        )
    spared = Sentence(
        "A network that ended after {block} would do {work:.0%} of the base's work for each photo.",
        block=best.block,
        work=best.work,
    )
    return (_built(depths, at), tuned, spared)


def _built(depths: Sequence[Depth], at: int) -> Sentence:
    first, best = depths[0], depths[at]
    if at == 0:
        return Sentence(
            "Already {block}, the first block, gives what your photos need: color or brightness may be enough.",
            block=best.block,
        )
    words = [
        Sentence(
            "What your photos need comes together block by block: a simple classifier tells {begin:.0%} right after "
            "{first}, and {end:.0%} after {block}.",
            block=best.block,
            begin=first.accuracy,
            first=first.block,
            end=best.accuracy,
        )
    ]
    if at + 1 < len(depths):
        words.append(
            Sentence("Cuts that unfreeze any of the {n} blocks up to it are not worth trying first.", n=at + 1)
        )
    return joined(words)


def _warnings(highest: Depth) -> tuple[Sentence, ...]:
    low, high = highest.interval
    if (high - low) / 2 <= ENOUGH:
        return ()
    return (
        Sentence(
            "With {photos} photos each figure can be off by {points:.0f} points either way, so take this as a hint. "
            "About {needed} photos in all would bring that down to {enough:.0f} points.",
            photos=highest.photos,
            points=50 * (high - low),
            needed=photos_needed(highest.accuracy),
            enough=100 * ENOUGH,
        ),
    )


def _share(depth: Depth) -> Sentence:
    return share_words(depth.accuracy, depth.interval)
