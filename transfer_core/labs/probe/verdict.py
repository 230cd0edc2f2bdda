"""What the depths of a probe say: the last block that matters, which cuts are worth trying, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass

from transfer_core.labs.probe.settings import Depth
from transfer_core.stats.intervals import share_words, wilson
from transfer_core.stats.paired import SIGNIFICANT

__all__ = ["ENOUGH", "Verdict", "conclude", "photos_needed"]

ENOUGH = 0.1
"""Half the width of an interval beyond which the figures are called a hint: ten photos of a hundred either way."""


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
    sentence: str
    points: tuple[str, ...]
    """What follows, a few sentences."""
    warnings: tuple[str, ...]
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
    hint = f"Only a hint, as {highest.photos} photos are few: " if warnings else ""
    if not after:
        sentence = (
            f"{hint}{'e' if hint else 'E'}very block helps to the very end: after {best.block} {_share(best)} of the "
            "photos are told right and nowhere before as many, so keep the whole base, train the head alone first, "
            "and unfreeze from the end only if that is not good enough."
        )
        points = (
            _built(depths, at),
            "This look rules no cut out: whether the last blocks get better still when they learn from your photos, "
            "only fine-tuning tells. The depth sweep tries it.",
        )
        return Verdict(*parts, (), (), sentence, points, warnings)
    lost = last.p_value < SIGNIFICANT
    advice = (
        f"so keep everything up to it frozen and fine-tune from {after[0]} or later{'' if lost else ', if at all'}."
    )
    sentence = (
        f"{hint}{best.block} is the last block that matters: after it {_share(best)} of the photos are told right"
    )
    if lost:
        sentence += f" and at the end of the base only {last.accuracy:.0%}, a real loss, {advice}"
    elif best is highest:
        sentence += f" and no more at any depth, {advice}"
    else:
        sentence += f", and later at most {highest.accuracy:.0%}, no real difference, {advice}"
    return Verdict(*parts, tuple(after), tuple(before), sentence, _points(depths, at, lost), warnings)


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


def _nothing(highest: Depth, chance: float, warnings: tuple[str, ...]) -> Verdict:
    sentence = (
        f"At no depth are your photos told apart clearly better than by guessing: {_share(highest)} at best, after "
        f"{highest.block}, where always naming the largest class gives {chance:.0%}."
    )
    points = (
        "Look at the labels, and whether a person could tell the classes apart in these photos at their small size.",
        "If so, this base does not hold what they need in a simple form: try another base, or more photos.",
    )
    return Verdict(None, highest.block, None, (), (), sentence, points, warnings)


def _blind(first: Depth, highest: Depth, warnings: tuple[str, ...]) -> Verdict:
    sentence = f"{highest.photos} photos are too few to tell the depths apart: after {first.block}, the first block, "
    if first is highest:
        sentence += f"{_share(first)} are told right already, and nowhere more."
    else:
        sentence += f"{_share(first)} are told right and after {highest.block} {_share(highest)}: it may be chance."
    return Verdict(None, highest.block, None, (), (), sentence, (), warnings)


def _points(depths: Sequence[Depth], at: int, lost: bool) -> tuple[str, ...]:
    best, last, after = depths[at], depths[-1], [depth.block for depth in depths[at + 1 :]]
    many = len(after) > 1
    blocks = (
        f"The {len(after)} blocks after it ({after[0]} to {after[-1]})" if many else f"The block after it ({after[0]})"
    )
    millions = f"{best.parameters_after / 1e6:.2f} million parameters"
    if lost:
        tuned = (
            f"{blocks}, {millions}, {'have' if many else 'has'} lost some of it: made for the classes of ImageNet. "
            f"A head on the frozen base sees only what is left, {_share(last)}; fine-tuning from {after[0]} or later "
            "can win it back."
        )
    else:
        tuned = (
            f"{blocks}, {millions}, {'are' if many else 'is'} made for the classes of ImageNet and "
            f"{'bring' if many else 'brings'} your photos nothing that shows here. "
            f"{'They are' if many else 'It is'} what fine-tuning may change; but the head alone is a good first try, "
            f"as the end of the base is no worse: {_share(last)}."
        )
    spared = f"A network that ended after {best.block} would do {best.work:.0%} of the base's work for each photo."
    return (_built(depths, at), tuned, spared)


def _built(depths: Sequence[Depth], at: int) -> str:
    first, best = depths[0], depths[at]
    if at == 0:
        return f"Already {best.block}, the first block, gives what your photos need: color or brightness may be enough."
    clause = ""
    if at + 1 < len(depths):
        clause = f" Cuts that unfreeze any of the {at + 1} blocks up to it are not worth trying first."
    return (
        f"Up to {best.block} the network still builds up what your photos need, from {first.accuracy:.0%} after "
        f"{first.block} to {best.accuracy:.0%}.{clause}"
    )


def _warnings(highest: Depth) -> tuple[str, ...]:
    low, high = highest.interval
    if (high - low) / 2 <= ENOUGH:
        return ()
    return (
        f"With {highest.photos} photos each figure can be off by {50 * (high - low):.0f} points either way, so take "
        f"this as a hint. About {photos_needed(highest.accuracy)} photos in all would bring that down to "
        f"{100 * ENOUGH:.0f} points.",
    )


def _share(depth: Depth) -> str:
    return share_words(depth.accuracy, depth.interval)
